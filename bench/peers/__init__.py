"""The engines that are compared, each with the same face."""
