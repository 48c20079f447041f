//! Drills: named points at which a test can have the process die, and defects that are planted to see that a test catches them.
//!
//! Both exist with the feature `faults` alone. In any other build `point!` is nothing at all and `planted!` is the word `false`, so
//! that no shipped program can be talked into either.

#[cfg(feature = "faults")]
mod live;

#[cfg(feature = "faults")]
pub use live::{BUGS, Bug, Died, POINTS, arm, disarm, is_planted, pass, pass_with};

/// Passes a named point; with a block behind it, the block is carried out before the process dies there, and only then.
macro_rules! point {
    ($name:literal) => {
        #[cfg(feature = "faults")]
        $crate::drill::pass($name);
    };
    ($name:literal, $last:expr) => {
        #[cfg(feature = "faults")]
        $crate::drill::pass_with($name, $last);
    };
}

/// Whether a defect is planted.
#[cfg(feature = "faults")]
macro_rules! planted {
    ($bug:ident) => {
        $crate::drill::is_planted($crate::drill::Bug::$bug)
    };
}

/// Whether a defect is planted: never.
#[cfg(not(feature = "faults"))]
macro_rules! planted {
    ($bug:ident) => {
        false
    };
}

pub(crate) use {planted, point};
