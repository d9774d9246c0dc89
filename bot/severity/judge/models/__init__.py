"""The models that weigh a message, fitted from written examples with scikit-learn and kept as plain arrays."""
