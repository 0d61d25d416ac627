"""Pages with every kind of control, each with faults behind switches: what detectors are tried on beside the shop."""
