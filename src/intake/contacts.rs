//! The kinds of multi-fields, and the types of each that a portal has from the start (csv 4.5).

/// Kind, and its types.
const KINDS: &[(&str, &[&str])] = &[
    ("PHONE", &["WORK", "MOBILE", "FAX", "HOME", "PAGER", "MAILING", "OTHER"]),
    ("EMAIL", &["WORK", "HOME", "MAILING", "OTHER"]),
    ("WEB", &["WORK", "HOME", "FACEBOOK", "VK", "LIVEJOURNAL", "TWITTER", "OTHER"]),
    (
        "IM",
        &[
            "FACEBOOK",
            "TELEGRAM",
            "VK",
            "SKYPE",
            "VIBER",
            "INSTAGRAM",
            "BITRIX24",
            "OPENLINE",
            "IMOL",
            "ICQ",
            "MSN",
            "JABBER",
            "OTHER",
        ],
    ),
];

/// The kind that a column's name is, where the column holds all values of that kind (csv 8, layout c).
pub(super) fn kind_of(name: &str) -> Option<&'static str> {
    KINDS.iter().map(|(kind, _)| *kind).find(|kind| *kind == name)
}

/// The types of a kind.
pub(super) fn types_of(kind: &str) -> impl Iterator<Item = &'static str> {
    KINDS.iter().filter(move |(known, _)| *known == kind).flat_map(|(_, types)| types.iter().copied())
}
