"""What is looked at for each service: reads AWS and says what it found. Each look stands alone and may fail alone."""
