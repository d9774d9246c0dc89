"""The judge as it is in force: the shipped one, with what was learnt from a company's own decisions."""
