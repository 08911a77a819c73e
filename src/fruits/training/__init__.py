"""Training: where models are made, converted and measured. The one room that may need torch."""
