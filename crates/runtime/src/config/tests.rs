//! Layers, places, messages: a configuration as its author meets it.
