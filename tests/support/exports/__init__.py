"""What well-known trackers export of one shop: synthetic events in the columns of each, and the true numbers."""
