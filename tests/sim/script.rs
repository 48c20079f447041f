//! What befalls each request, by chance. A script is used up after a while: then everything goes well, so that a run comes to its end.

use std::time::Duration;

use crate::network::Asked;
use crate::random::Random;

/// How long after a request whose answer was lost the portal may still carry it out.
pub const WINDOW: Duration = Duration::from_secs(150);

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fate {
    /// It is carried out and answered.
    Answered,
    /// No connection comes about.
    NotSent,
    /// It is lost on its way; that shows after a time.
    LostBefore(Duration),
    /// Its answer is lost; that shows after a time.
    LostAfter(Duration),
    /// The connection breaks at once, and it is carried out so much later.
    Late(Duration),
    /// A web page stands in the place of the answer; it was carried out or not.
    Page(u16, bool),
    /// An error of the server as JSON; it was carried out or not.
    Error(bool),
    /// Carried out; the answer ends in the middle.
    Cut,
    /// An empty answer; it was carried out or not.
    Empty(bool),
    /// Too many requests.
    Busy,
    /// The method's run time is used up.
    UsedUp,
    /// The webhook isn't known for a moment.
    Refused,
    /// Carried out twice, as a proxy may deliver it again.
    Twice,
    /// Carried out twice, and the answer is lost.
    TwiceLost,
    /// The process dies before it arrives.
    DieBefore,
    /// The process dies after it was carried out.
    DieAfter,
    /// The process dies, and it is carried out so much later.
    DieLate(Duration),
}

/// Who decides.
pub trait Script: Send {
    /// What becomes of a request.
    fn fate(&mut self, asked: &Asked) -> Fate;

    /// By how many seconds somebody sets the wall clock now.
    fn clock(&mut self) -> Option<i64> {
        None
    }

    /// For how long a new record isn't found by its mark.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    /// After how many points the next run dies.
    fn point(&mut self) -> Option<u64> {
        None
    }

    /// How long it takes until somebody begins the next run.
    fn rest(&mut self) -> Duration {
        Duration::ZERO
    }

    /// Whether the journal is lost before the next run.
    fn loses_journal(&mut self) -> bool {
        false
    }
}

/// Chance.
#[derive(Debug)]
pub struct Chance {
    random: Random,
    faults_left: usize,
    deaths_left: usize,
    jumps_left: usize,
    losses_left: usize,
    /// One request of so many meets a fault.
    every: usize,
    lag: Duration,
}

impl Chance {
    pub fn of(seed: u64) -> Self {
        let mut random = Random(seed);
        Self {
            faults_left: random.below(14),
            deaths_left: random.below(5),
            jumps_left: random.below(3),
            losses_left: usize::from(random.below(10) == 0),
            every: random.pick(&[2, 3, 5, 8]),
            lag: Duration::from_secs(random.pick(&[0, 0, 2, 9])),
            random,
        }
    }

    /// A moment, or the longest silence that is waited through.
    fn silence(&mut self) -> Duration {
        Duration::from_millis(self.random.pick(&[20, 3_000, 75_000]))
    }

    fn change(&mut self) -> Fate {
        let applied = self.random.below(2) == 0;
        match self.random.below(13) {
            0 | 1 => Fate::LostBefore(self.silence()),
            2 | 3 => Fate::LostAfter(self.silence()),
            4 | 5 => Fate::Late(Duration::from_secs(self.random.pick(&[1, 30, 60, 149]))),
            6 => Fate::Page(self.random.pick(&[200, 500, 502, 504]), applied),
            7 => Fate::Error(applied),
            8 => Fate::Cut,
            9 => Fate::Empty(applied),
            10 => Fate::Busy,
            11 => Fate::UsedUp,
            _ => self.random.pick(&[Fate::NotSent, Fate::Refused]),
        }
    }

    fn read(&mut self) -> Fate {
        match self.random.below(9) {
            0 => Fate::LostBefore(self.silence()),
            1 => Fate::LostAfter(self.silence()),
            2 => Fate::Page(self.random.pick(&[500, 502, 504]), true),
            3 => Fate::Error(true),
            4 => Fate::Cut,
            5 => Fate::Busy,
            6 => Fate::NotSent,
            7 => Fate::UsedUp,
            _ => Fate::Twice,
        }
    }
}

impl Script for Chance {
    fn fate(&mut self, asked: &Asked) -> Fate {
        if self.deaths_left > 0 && self.random.below(if asked.creates.is_empty() { 24 } else { 4 }) == 0 {
            self.deaths_left -= 1;
            let later = Duration::from_secs(self.random.pick(&[1, 60, 149]));
            return self.random.pick(&[Fate::DieBefore, Fate::DieAfter, Fate::DieLate(later)]);
        }
        // Reads are many, and can be asked again; it is the creates that matter.
        let every = if asked.creates.is_empty() { self.every * 3 } else { self.every };
        if self.faults_left == 0 || self.random.below(every) > 0 {
            return Fate::Answered;
        }
        self.faults_left -= 1;
        // An update that arrives twice does no harm; a create that does is beyond a client's power, and has a test of its own.
        match asked {
            Asked { creates, .. } if !creates.is_empty() => self.change(),
            Asked { changes: true, .. } if self.random.below(8) == 0 => Fate::Twice,
            Asked { changes: true, .. } => self.change(),
            _ => self.read(),
        }
    }

    fn clock(&mut self) -> Option<i64> {
        if self.jumps_left == 0 || self.random.below(15) > 0 {
            return None;
        }
        self.jumps_left -= 1;
        Some(self.random.pick(&[86_400, -86_400, 3_600, -3_600, 1, -1]))
    }

    fn lag(&self) -> Duration {
        self.lag
    }

    fn point(&mut self) -> Option<u64> {
        if self.deaths_left == 0 || self.random.below(2) == 0 {
            return None;
        }
        self.deaths_left -= 1;
        Some(1 + self.random.below(60) as u64)
    }

    fn rest(&mut self) -> Duration {
        Duration::from_secs(self.random.pick(&[0, 1, 40, 160, 4_000]))
    }

    fn loses_journal(&mut self) -> bool {
        let loses = self.losses_left > 0 && self.random.below(2) == 0;
        self.losses_left -= usize::from(loses);
        loses
    }
}

/// Whatever a test decides for each request.
pub struct Scripted<F> {
    fate: F,
    lag: Duration,
}

impl<F: FnMut(&Asked) -> Fate + Send> Scripted<F> {
    pub fn new(fate: F) -> Self {
        Self { fate, lag: Duration::ZERO }
    }

    /// A new record isn't found by its mark for so long.
    #[cfg(feature = "faults")]
    pub fn lagging(self, lag: Duration) -> Self {
        Self { lag, ..self }
    }
}

/// A script in which one request that creates, counted from 0, meets its fate, and all others are answered.
pub fn nth_create(nth: usize, fate: Fate) -> Scripted<impl FnMut(&Asked) -> Fate + Send> {
    let mut met = 0;
    Scripted::new(move |asked| {
        if asked.creates.is_empty() {
            return Fate::Answered;
        }
        met += 1;
        if met == nth + 1 { fate } else { Fate::Answered }
    })
}

impl<F: FnMut(&Asked) -> Fate + Send> Script for Scripted<F> {
    fn fate(&mut self, asked: &Asked) -> Fate {
        (self.fate)(asked)
    }

    fn lag(&self) -> Duration {
        self.lag
    }
}
