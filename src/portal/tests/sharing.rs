//! Several programs of one user at one portal.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::{Bucket, Told};
use crate::event::Silent;
use crate::portal::pace::Pace;
use crate::portal::{Left, LimitsProfile, PaceMemory};

fn alone(limits: LimitsProfile, api_share: u8) -> Pace {
    Pace::new(limits, api_share, Arc::new(Silent), 1)
}

/// A memory as good as can be: all programs see it at once.
#[derive(Default)]
struct Board {
    left: Mutex<Option<(f64, Instant)>>,
    turns: Mutex<usize>,
}

/// One program's sight of it.
struct Seen(Arc<Board>, Mutex<Option<(f64, Instant)>>);

impl PaceMemory for Seen {
    fn turn(&self, turn: &mut dyn FnMut(Option<Left>) -> Option<f64>) {
        *self.0.turns.lock().expect("no test panics with it") += 1;
        let mut left = self.0.left.lock().expect("no test panics with it");
        let mut own = self.1.lock().expect("no test panics with it");
        let news = if *left == *own { None } else { *left };
        if let Some(level) = turn(news.map(|(level, at)| Left { level, ago: at.elapsed() })) {
            *left = Some((level, Instant::now()));
            *own = *left;
        }
    }
}

fn another(board: &Arc<Board>, api_share: u8) -> Pace {
    let pace = alone(LimitsProfile::Standard, api_share);
    pace.remember(Arc::new(Seen(board.clone(), Mutex::default())));
    pace
}

#[tokio::test(start_paused = true)]
async fn a_hundred_programs_one_after_the_other_are_never_refused() {
    let (mut bucket, board) = (Bucket::new(2.0), Arc::default());
    for _ in 0..100 {
        let pace = another(&board, 100);
        for _ in 0..10 {
            pace.ready().await;
            assert!(bucket.hit() <= 50.0);
        }
    }
    let least = (1_000.0 - 50.0) / 2.0;
    assert!(bucket.began.elapsed().as_secs_f64() < least * 1.05, "{:?}", bucket.began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn programs_side_by_side_share_the_bucket() {
    let board = Arc::default();
    let bucket = Arc::new(Mutex::new(Bucket::new(2.0)));
    let programs = (0..3).map(|_| {
        let (pace, bucket) = (another(&board, 100), bucket.clone());
        tokio::spawn(async move {
            for _ in 0..100 {
                pace.ready().await;
                assert!(bucket.lock().expect("no test panics with it").hit() <= 50.0);
            }
        })
    });
    for program in programs.collect::<Vec<_>>() {
        program.await.expect("a program that isn't refused");
    }
    let least = (300.0 - 50.0) / 2.0;
    let took = bucket.lock().expect("no test panics with it").began.elapsed().as_secs_f64();
    assert!(took < least * 1.1, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_program_with_a_share_waits_until_the_others_have_left_the_rest_free() {
    let board = Arc::default();
    let greedy = another(&board, 100);
    for _ in 0..45 {
        greedy.ready().await;
    }
    let began = Instant::now();
    another(&board, 50).ready().await;
    let waited = began.elapsed().as_secs_f64();
    assert!((22.0..27.0).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_after_a_refusal_finds_the_bucket_full() {
    let board = Arc::default();
    // Its own share is no matter: the portal counts what everybody sends.
    let first = another(&board, 50);
    first.ready().await;
    first.refused(Instant::now());
    let began = Instant::now();
    another(&board, 100).ready().await;
    let waited = began.elapsed().as_secs_f64();
    assert!((2.5..3.5).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_level_that_no_portal_counts_holds_nobody_up_for_longer_than_a_full_bucket() {
    for (level, ago) in [(1e300, 0), (f64::NAN, 0), (50.0, 0), (-5.0, 0), (50.0, u64::MAX)] {
        let pace = alone(LimitsProfile::Standard, 100);
        pace.remember(Arc::new(Told(Mutex::new(Some(Left { level, ago: Duration::from_secs(ago) })))));
        let began = Instant::now();
        pace.ready().await;
        assert!(began.elapsed() < Duration::from_secs(4), "{level}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_portal_without_limits_has_nothing_to_remember() {
    let board = Arc::new(Board::default());
    let pace = alone(LimitsProfile::None, 100);
    pace.remember(Arc::new(Seen(board.clone(), Mutex::default())));
    pace.ready().await;
    assert_eq!(*board.turns.lock().expect("no test panics with it"), 0);
}
