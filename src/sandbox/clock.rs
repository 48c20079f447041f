//! The portal's two clocks: the wall clock that stamps records, and the scaled one by which limits drain and waits pass.
