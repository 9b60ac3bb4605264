//! What stands between the engine's commands and a venue's HTTP: pure state machines, one for each venue.
