//! How much a text looks like Russian or Ukrainian: bytes of one Cyrillic encoding read in another give rare letters, or the frequent
//! ones in the wrong case.

/// Letters and how many of a thousand they are in Russian texts; the Ukrainian ones as far as Russian lacks them.
const FREQUENT: &[(char, f32)] = &[
    ('о', 109.0),
    ('е', 85.0),
    ('а', 80.0),
    ('и', 74.0),
    ('н', 67.0),
    ('т', 63.0),
    ('с', 55.0),
    ('р', 47.0),
    ('в', 45.0),
    ('л', 44.0),
    ('к', 35.0),
    ('м', 32.0),
    ('д', 30.0),
    ('п', 28.0),
    ('і', 28.0),
    ('у', 26.0),
    ('я', 20.0),
    ('ы', 19.0),
    ('ь', 17.0),
    ('г', 17.0),
    ('з', 16.0),
    ('б', 16.0),
    ('ч', 14.0),
    ('й', 12.0),
    ('х', 10.0),
    ('ж', 9.0),
    ('ш', 7.0),
    ('ю', 6.0),
    ('ї', 6.0),
    ('є', 5.0),
    ('ц', 5.0),
    ('щ', 4.0),
    ('э', 3.0),
    ('ф', 3.0),
];
/// Signs that stand in such texts without being letters.
const SIGNS: &str = "№«»—–…“”„\u{a0}€₽°";
/// What a capital behind a small letter costs: it is a small one, read in the wrong encoding.
const CASE_COST: f32 = 60.0;
/// What a line of a box, or another sign that nobody types, costs.
const SIGN_COST: f32 = 80.0;

/// The mean over all letters beyond ASCII; higher is likelier.
pub(super) fn likelihood(text: &str) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    let mut before = ' ';
    for c in text.chars() {
        if !c.is_ascii() {
            count += 1.0;
            sum += weight(c, before);
        }
        before = c;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

fn weight(c: char, before: char) -> f32 {
    let small = c.to_lowercase().next().unwrap_or(c);
    if !('\u{400}'..='\u{45f}').contains(&small) {
        return if SIGNS.contains(c) { 0.0 } else { -SIGN_COST };
    }
    let frequency = FREQUENT.iter().find(|(letter, _)| *letter == small).map_or(0.0, |(_, frequency)| *frequency);
    match (c == small, before.is_lowercase() && !before.is_ascii()) {
        (true, _) => frequency,
        (false, false) => frequency * 0.8,
        (false, true) => -CASE_COST,
    }
}
