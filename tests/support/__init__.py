"""What tests share: real servers, data, readings, and the oracle that judges without the rules."""
