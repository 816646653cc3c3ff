"""Personal data on its way to the model: found, and shown as tokens that tools get back as what they stand for."""
