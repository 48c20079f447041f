//! The page, read as a person and as somebody who means harm.

use super::super::example;
use super::*;

fn page(facts: &Facts, language: Language, lines: Vec<RecordLine>) -> String {
    let mut out = Vec::new();
    write(facts, language, &mut lines.into_iter(), &mut out).expect("memory takes all");
    String::from_utf8(out).expect("it is UTF-8")
}

/// What a reader reads: the text between the tags from the heading to the contents.
fn first_screen(page: &str) -> String {
    let begin = page.find("<header>").expect("a heading");
    let end = page.find("<nav").expect("contents");
    let mut text = String::new();
    for part in page[begin..end].split('<').skip(1) {
        let (tag, words) = part.split_once('>').expect("a whole tag");
        if matches!(tag, "h1" | "h2" | "dt" | "p" | "pre") || tag.starts_with("p ") {
            text.push('\n');
        }
        text.push_str(words.trim_matches('\n'));
    }
    text.replace('\u{a0}', " ").trim().to_owned()
}

#[test]
fn the_first_screen_answers_ten_questions_in_their_order() {
    insta::assert_snapshot!(first_screen(&page(&example::facts(Language::Es), Language::Es, Vec::new())), @"
    b24restore Revisión
    Faltan 3,841 registros en su Bitrix24.
    Todos se pueden volver a crear. Otros 45 esperan su decisión.
    Esto es una revisión: no se ha cambiado nada.
    ejemplo.bitrix24.mx · archivos: último movimiento 23/11/2026 03:10 (Ciudad de México) · revisado el 24/11/2026 10:42 con el usuario Laura Méndez (administrador)
    Compare con lo reportado
    3,000 negociaciones = 2,957 que faltan + 31 posibles duplicados + 9 ya de vuelta + 3 filas que no se pudieron leer.
    900 contactos = 884 que faltan + 14 posibles duplicados + 2 ya de vuelta.
    Sin faltantes: Compañías, Prospectos.
    En juego
    $48,213,900.00 MXN en 2,957 negociaciones; 1,204 siguen abiertas ($31,870,400.00 MXN).
    Persona responsable más afectada: Ana Pérez Luna (611 registros).
    Primero la papelera
    CRM &#62; Más &#62; Papelera de reciclaje, por lo menos hasta el 23/12/2026.
    Lo que recupere ahí vuelve con fechas, comentarios e historial; luego repita esta revisión y verá qué sigue faltando.
    Lo que estos archivos no traen
    Comentarios, actividades, historial, archivos adjuntos y lo trabajado entre la copia y la pérdida.
    Está en los archivos, pero Bitrix24 no permite escribirlo: Foto (212 contactos), Cotización (18 negociaciones).
    Fechas
    «Creado el» de 3,841 registros mostrará el día en que se vuelvan a crear. Cambian sus reportes y comisiones por fecha.
    La fecha original se guarda en un campo personalizado si usted lo autoriza (--keep-dates-in-fields).
    Quién se entera
    b24restore no escribe a sus clientes. Sí se enteran cada persona responsable (un aviso por registro) y las aplicaciones conectadas (facturación, WhatsApp): páuselas antes.
    Los flujos de trabajo «al modificar» pueden iniciarse en 1,753 registros: páuselos también.
    No se toca
    379 registros distintos de la copia (su gente siguió trabajando) ni 126 nuevos, posteriores a la copia.
    Siguiente paso
    Alguien que conozca a los clientes (Ventas) responde los 45 casos por decidir. Se prueba con 10 y luego se crea el resto (~1 h 40 min; se puede interrumpir). Lo creado se puede deshacer.
    b24restore apply casos/2026-11-23/b24restore-plan --pilot 10
    ");
}

#[test]
fn the_first_screen_says_the_same_in_english() {
    let facts = Facts { newest: None, admin: false, ..example::facts(Language::En) };
    insta::assert_snapshot!(first_screen(&page(&facts, Language::En, Vec::new())), @"
    b24restore Review
    3,841 records are missing from your Bitrix24.
    All of them can be re-created. 45 more wait for your decision.
    This is a review: nothing has been changed.
    ejemplo.bitrix24.mx · 4 files · reviewed 24 Nov 2026 10:42 as Laura Méndez (no administrator)
    Before you trust these numbers
    The webhook’s user is no administrator. Records hidden from them would count as missing, so this review only reports. Have an administrator make the webhook, and run the review again.
    Compare with what was reported
    3,000 deals = 2,957 missing + 31 possible duplicates + 9 already back + 3 unreadable rows.
    900 contacts = 884 missing + 14 possible duplicates + 2 already back.
    Complete: Companies, Leads.
    At stake
    $48,213,900.00 MXN in 2,957 deals; 1,204 are still open ($31,870,400.00 MXN).
    Hit hardest: Ana Pérez Luna (611 records).
    First, the recycle bin
    CRM &#62; More &#62; Recycle bin. It keeps for 30 days what was deleted.
    What you recover there comes back with dates, comments and history; then run this review again to see what is still missing.
    What these files don’t hold
    Comments, activities, history, attachments, and the work done between the copy and the loss.
    In the files, but Bitrix24 lets nobody write it: Foto (212 contacts), Cotización (18 deals).
    Dates
    “Created on” of 3,841 records will show the day of the re-creation. Reports and commissions by date change.
    The original date is kept in a custom field if you allow it (--keep-dates-in-fields).
    Who will notice
    b24restore doesn’t write to your clients. Each responsible person (one notice per record) and the connected apps (billing, WhatsApp) do learn of it: pause the apps first.
    Workflows that run “on change” may start for 1,753 records: pause them too.
    Left alone
    379 records that differ from the copy (your people went on working), and 126 new ones, made after the copy.
    Next step
    Have an administrator make the webhook, and run this review again: with this user nothing can be created.
    ");
}

/// A page whose every text, from files and portal alike, means harm.
fn hostile_page(language: Language) -> String {
    let all = example::HOSTILE.join(" ");
    let mut facts = example::facts(language);
    facts.summary.portal.clone_from(&all);
    for file in &mut facts.summary.files {
        file.path.clone_from(&all);
        file.encoding.clone_from(&all);
        file.delimiter.clone_from(&all);
        file.sha256.clone_from(&all);
        file.language = Some(all.clone());
    }
    for warning in &mut facts.summary.warnings {
        warning.text.clone_from(&all);
        warning.field = Some(all.clone());
    }
    facts.user.clone_from(&all);
    facts.hardest_hit = Some((all.clone(), 1));
    facts.money[0].currency.clone_from(&all);
    facts.unwritable[0].1.clone_from(&all);
    facts.unmapped[0].1.clone_from(&all);
    facts.inferred.push(all.clone());
    facts.dir = all.into();
    page(&facts, language, example::hostile_lines())
}

#[test]
fn nothing_that_a_record_says_becomes_part_of_the_page() {
    for language in Language::ALL {
        let clean = page(&example::facts(language), language, example::many_lines());
        let hostile = hostile_page(language);
        let tags = |page: &str| {
            let after_style = page.split_once("</style>").map(|(_, rest)| rest.to_owned()).expect("a style");
            let tags = after_style.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default().to_owned());
            tags.collect::<std::collections::BTreeSet<_>>()
        };
        let names = |tags: &std::collections::BTreeSet<String>| {
            let name = |tag: &String| tag.split([' ', '>']).next().unwrap_or_default().to_owned();
            tags.iter().map(name).collect::<std::collections::BTreeSet<_>>()
        };
        let (clean, tags_now) = (tags(&clean), tags(&hostile));
        assert!(names(&tags_now).is_subset(&names(&clean)), "{:?}", names(&tags_now).difference(&names(&clean)));
        for tag in &tags_now {
            assert!(!tag.contains("href=\"") || tag.contains("href=\"#"), "{tag}");
            assert!(!tag.contains(" on") && !tag.contains(" src") && !tag.contains(" style"), "{tag}");
        }
        assert_eq!(hostile.matches("<style>").count(), 1);
        assert!(!hostile.contains(['\u{1b}', '\u{202e}', '\u{2066}', '\u{200f}', '\u{9b}', '\0', '\u{7}']));
    }
}

#[test]
fn the_policy_names_the_one_style_of_the_page_and_forbids_all_else() {
    let page = page(&example::facts(Language::Es), Language::Es, Vec::new());
    let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map(|(style, _)| style);
    let hash = base64(&Sha256::digest(style.expect("a style")));
    assert!(page.contains(&format!("content=\"default-src 'none'; style-src 'sha256-{hash}'\"")));
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"));
}

#[test]
fn a_rehearsal_says_so_before_anything_else() {
    let facts = Facts { sandbox: true, ..example::facts(Language::Es) };
    let page = page(&facts, Language::Es, Vec::new());
    assert!(page.find("<strong>SANDBOX</strong>") < page.find("<h1>"));
    assert!(page.contains("<title>SANDBOX · "));
}

#[test]
fn base64_is_the_one_of_the_standard() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
    assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
}

/// With `B24RESTORE_LOOK=DIR` it leaves the pages there for somebody to look at; without, there is nothing to do.
#[test]
fn the_page_can_be_looked_at() -> io::Result<()> {
    let Ok(dir) = std::env::var("B24RESTORE_LOOK") else { return Ok(()) };
    for language in Language::ALL {
        let facts = Facts { sandbox: language == Language::En, ..example::facts(language) };
        std::fs::write(format!("{dir}/hostile-{language}.html"), hostile_page(language))?;
        std::fs::write(format!("{dir}/r-{language}.html"), page(&facts, language, example::many_lines()))?;
    }
    Ok(())
}
