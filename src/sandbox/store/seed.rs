//! What a new portal holds: its administrator, its directories, its pipeline, its currencies.
//!
//! Source: rest-crm 9.1, 9.2, 9.4, 9.5. Names are what the installer writes in the portal's language; `es` is the product's pack `la`.

use super::Store;
use super::rows::{Category, Currency, Status, User, new_secret};
use crate::sandbox::Language;

/// When the sandbox's portals were "installed": 2020-01-01T00:00:00Z. Currency rates and user 1 carry it.
const INSTALLED: i64 = 1_577_836_800;
/// The place of pipeline 0, as in the vendor's sample.
const GENERAL_SORT: i64 = 300;

/// A directory value: code, sort, colour, semantics, whether it is a system value, and its names in English, Spanish and Russian.
type Value = (&'static str, i64, &'static str, &'static str, bool, [&'static str; 3]);

const LEAD_STAGES: &[Value] = &[
    ("NEW", 10, "#39A8EF", "", true, ["Unassigned", "Sin asignar", "Не обработан"]),
    ("IN_PROCESS", 20, "#2FC6F6", "", false, ["In Progress", "En Progreso", "В работе"]),
    ("PROCESSED", 30, "#55D0E0", "", false, ["Processed", "Procesado", "Обработан"]),
    ("CONVERTED", 40, "#7BD500", "S", true, ["Good Lead", "Convertido", "Качественный лид"]),
    ("JUNK", 50, "#FF5752", "F", true, ["Junk Lead", "Prospecto no útil", "Некачественный лид"]),
];

/// The first letter of the Russian name of `PREPAYMENT_INVOICE` is a Latin C, as in the product.
const DEAL_STAGES: &[Value] = &[
    ("NEW", 10, "#39A8EF", "", true, ["New", "En desarrollo", "Новая"]),
    ("PREPARATION", 20, "#2FC6F6", "", false, ["Create papers", "Crear documentos", "Подготовка документов"]),
    ("PREPAYMENT_INVOICE", 30, "#55D0E0", "", false, ["Invoice", "Factura", "Cчёт на предоплату"]),
    ("EXECUTING", 40, "#47E4C2", "", false, ["In progress", "En progreso", "В работе"]),
    ("FINAL_INVOICE", 50, "#FFA900", "", false, ["Final invoice", "Factura final", "Финальный счёт"]),
    ("WON", 60, "#7BD500", "S", true, ["Deal won", "Negociación ganada", "Сделка успешна"]),
    ("LOSE", 70, "#FF5752", "F", true, ["Deal lost", "Negociación perdida", "Сделка провалена"]),
    ("APOLOGY", 80, "#FF5752", "F", false, ["Analyze failure", "Analizar la falla", "Анализ причины провала"]),
];

const QUOTE_STAGES: &[Value] = &[
    ("DRAFT", 10, "#39A8EF", "", true, ["New", "Nuevo", "Новое"]),
    ("SENT", 20, "#2FC6F6", "", false, ["Sent to client", "Enviado al cliente", "Отправлено клиенту"]),
    ("APPROVED", 30, "#7BD500", "S", true, ["Accepted", "Aceptado", "Принято"]),
    ("DECLAINED", 40, "#FF5752", "F", true, ["Declined", "Declinado", "Отклонено"]),
    ("APOLOGY", 50, "#FF5752", "F", false, ["Analyze decline", "Analizar declinación", "Анализ причины отклонения"]),
];

const SOURCES: &[Value] = &[
    ("CALL", 10, "", "", true, ["Call", "Llamada", "Звонок"]),
    ("EMAIL", 20, "", "", false, ["E-Mail", "E-Mail", "Электронная почта"]),
    ("WEB", 30, "", "", false, ["Website", "Sitio Web", "Веб-сайт"]),
    ("ADVERTISING", 40, "", "", false, ["Advertising", "Publicidad", "Реклама"]),
    ("PARTNER", 50, "", "", false, ["Existing Client", "Cliente Existente", "Существующий клиент"]),
    ("RECOMMENDATION", 60, "", "", false, ["By Recommendation", "Por Recomendación", "По рекомендации"]),
    ("TRADE_SHOW", 70, "", "", false, ["Show/Exhibition", "Mostrar/Exhibición", "Выставка"]),
    ("WEBFORM", 75, "", "", true, ["CRM form", "Formulario del CRM", "CRM-форма"]),
    ("CALLBACK", 77, "", "", true, ["Callback", "Devolver la llamada", "Обратный звонок"]),
    ("RC_GENERATOR", 78, "", "", true, ["Sales boost", "Impulso de ventas", "Генератор продаж"]),
    ("STORE", 79, "", "", true, ["Online Store", "Tienda online", "Интернет-магазин"]),
    ("OTHER", 80, "", "", false, ["Other", "Otro", "Другое"]),
];

const CONTACT_TYPES: &[Value] = &[
    ("CLIENT", 10, "", "", false, ["Clients", "Clientes", "Клиенты"]),
    ("SUPPLIER", 20, "", "", false, ["Suppliers", "Proveedores", "Поставщики"]),
    ("PARTNER", 30, "", "", false, ["Partners", "Socios", "Партнеры"]),
    ("OTHER", 40, "", "", false, ["Other", "Otros", "Другое"]),
];

const COMPANY_TYPES: &[Value] = &[
    ("CUSTOMER", 10, "", "", false, ["Client", "Clientes", "Клиент"]),
    ("SUPPLIER", 20, "", "", false, ["Supplier", "Proveedor", "Поставщик"]),
    ("COMPETITOR", 30, "", "", false, ["Competitor", "Participante", "Конкурент"]),
    ("PARTNER", 40, "", "", false, ["Partner", "Socios", "Партнер"]),
    ("OTHER", 50, "", "", false, ["Other", "Otro", "Другое"]),
];

const EMPLOYEES: &[Value] = &[
    ("EMPLOYEES_1", 10, "", "", true, ["less than 50", "menos de 50", "менее 50"]),
    ("EMPLOYEES_2", 20, "", "", false, ["50 to 250", "50 a 250", "50-250"]),
    ("EMPLOYEES_3", 30, "", "", false, ["250 to 500", "250 a 500", "250-500"]),
    ("EMPLOYEES_4", 40, "", "", false, ["over 500", "más de 500", "более 500"]),
];

const INDUSTRIES: &[Value] = &[
    ("IT", 10, "", "", false, ["Information Technology", "Tecnología de la Información", "Информационные технологии"]),
    ("TELECOM", 20, "", "", false, ["Telecommunication", "Telecomunicación", "Телекоммуникации и связь"]),
    ("MANUFACTURING", 30, "", "", false, ["Manufacturing", "Manufacturación", "Производство"]),
    ("BANKING", 40, "", "", false, ["Banking Services", "Servicios Bancarios", "Банковские услуги"]),
    ("CONSULTING", 50, "", "", false, ["Consulting", "Consultoría", "Консалтинг"]),
    ("FINANCE", 60, "", "", false, ["Finance", "Finanzas", "Финансы"]),
    ("GOVERNMENT", 70, "", "", false, ["Government", "Régimen", "Правительство"]),
    ("DELIVERY", 80, "", "", false, ["Delivery", "Envío", "Доставка"]),
    ("ENTERTAINMENT", 90, "", "", false, ["Entertainment", "Entretenimiento", "Развлечения"]),
    ("NOTPROFIT", 100, "", "", false, ["Non-profit", "Sin lucro", "Не для получения прибыли"]),
    ("OTHER", 110, "", "", true, ["Other", "Otro", "Другое"]),
];

const DEAL_TYPES: &[Value] = &[
    ("SALE", 10, "", "", false, ["Sales", "Ventas", "Продажа"]),
    ("COMPLEX", 20, "", "", false, ["Integrated sales", "Ventas Integradas", "Комплексная продажа"]),
    ("GOODS", 30, "", "", false, ["Merchandise sales", "Venta de Mercadería", "Продажа товара"]),
    ("SERVICES", 40, "", "", false, ["Services", "Servicios", "Продажа услуги"]),
    ("SERVICE", 50, "", "", false, ["After sales service", "Servicio Post Venta", "Сервисное обслуживание"]),
];

const EVENT_TYPES: &[Value] = &[
    ("INFO", 10, "", "", true, ["Information", "Información", "Информация"]),
    ("PHONE", 20, "", "", true, ["Phone call", "Llamada telefónica", "Телефонный звонок"]),
    ("MESSAGE", 30, "", "", true, ["E-mail has been sent", "Enviar Mail", "Отправлен email"]),
];

const CALL_LISTS: &[Value] = &[
    ("IN_WORK", 10, "", "", true, ["Scheduled", "Programado", "В работе"]),
    ("SUCCESS", 20, "", "", true, ["Success", "Éxito", "Успешно"]),
    ("WRONG_NUMBER", 30, "", "", true, ["Invalid number", "Número invalido", "Неверный номер"]),
    ("STOP_CALLING", 40, "", "", true, ["Do not call", "No llamar", "Больше не звонить"]),
];

/// Directories in the order of installation; honorifics differ by language and follow.
const DIRECTORIES: &[(&str, &[Value])] = &[
    ("STATUS", LEAD_STAGES),
    ("SOURCE", SOURCES),
    ("CONTACT_TYPE", CONTACT_TYPES),
    ("COMPANY_TYPE", COMPANY_TYPES),
    ("EMPLOYEES", EMPLOYEES),
    ("INDUSTRY", INDUSTRIES),
    ("DEAL_TYPE", DEAL_TYPES),
    ("DEAL_STAGE", DEAL_STAGES),
    ("QUOTE_STATUS", QUOTE_STAGES),
    ("EVENT_TYPE", EVENT_TYPES),
    ("CALL_LIST", CALL_LISTS),
];

/// Whether a directory exists on every portal, so that values may be added to it; pipelines bring `DEAL_STAGE_<n>` of their own.
pub fn is_directory(entity_id: &str) -> bool {
    entity_id == "HONORIFIC" || DIRECTORIES.iter().any(|(name, _)| *name == entity_id)
}

/// The names of the directories that every portal has.
pub fn directory_names() -> impl Iterator<Item = &'static str> {
    DIRECTORIES.iter().map(|(name, _)| *name).chain(["HONORIFIC"])
}

const fn index(language: Language) -> usize {
    match language {
        Language::En => 0,
        Language::Es => 1,
        Language::Ru => 2,
    }
}

/// Fills a new portal.
pub fn new_portal(store: &mut Store, language: Language) {
    store.put_row("meta", "language".to_owned(), &super::language_code(language));
    let names = [("Anna", "Carter"), ("María", "Hernández"), ("Анна", "Соколова")][index(language)];
    let id = store.next_id("user");
    store.put_user(User {
        id,
        name: names.0.to_owned(),
        second_name: String::new(),
        last_name: names.1.to_owned(),
        email: "admin@portal.example".to_owned(),
        active: true,
        admin: true,
        time_zone: String::new(),
        secret: new_secret(),
        registered: INSTALLED,
    });
    for (directory, values) in DIRECTORIES {
        add_directory(store, directory, "", None, values, language);
    }
    add_honorifics(store, language);
    let name = ["General", "Pipeline general", "Общая"][index(language)].to_owned();
    store.put_category(Category {
        id: 0,
        name,
        sort: GENERAL_SORT,
        created: INSTALLED,
        origin_id: String::new(),
        originator_id: String::new(),
    });
    add_currencies(store, language);
}

/// Gives a new deal pipeline its stages: those of pipeline 0 at installation, under the prefix `C<n>:`.
pub fn add_pipeline_stages(store: &mut Store, category: u64) {
    let language = store.language();
    add_directory(store, &format!("DEAL_STAGE_{category}"), &format!("C{category}:"), Some(category), DEAL_STAGES, language);
}

fn add_directory(store: &mut Store, directory: &str, prefix: &str, category: Option<u64>, values: &[Value], language: Language) {
    for (code, sort, color, semantics, system, names) in values {
        let name = names[index(language)];
        let id = store.next_id("status");
        store.put_status(Status {
            id,
            entity_id: directory.to_owned(),
            status_id: format!("{prefix}{code}"),
            name: name.to_owned(),
            name_init: if *system { name.to_owned() } else { String::new() },
            sort: *sort,
            system: *system,
            category,
            color: (*color).to_owned(),
            semantics: (*semantics).to_owned(),
        });
    }
}

/// The Russian names aren't in the facts; they are believable ones.
fn add_honorifics(store: &mut Store, language: Language) {
    let (code, names): (_, &[&str]) = match language {
        Language::En => ("EN", &["Mr.", "Mrs.", "Ms.", "Dr."]),
        Language::Es => ("LA", &["Sr.", "Sra."]),
        Language::Ru => ("RU", &["г-н", "г-жа"]),
    };
    for (place, name) in (1..).zip(names) {
        let id = store.next_id("status");
        store.put_status(Status {
            id,
            entity_id: "HONORIFIC".to_owned(),
            status_id: format!("HNR_{code}_{place}"),
            name: (*name).to_owned(),
            name_init: String::new(),
            sort: place * 10,
            system: false,
            category: None,
            color: String::new(),
            semantics: String::new(),
        });
    }
}

/// Which currencies come with which base is fact; the rates are round numbers of the sandbox's own.
fn add_currencies(store: &mut Store, language: Language) {
    let list: &[(&str, &str, &str, f64)] = match language {
        Language::En | Language::Es => &[
            ("USD", "US Dollar", "$#", 1.0),
            ("EUR", "Euro", "&euro;#", 1.1),
            ("CNY", "Chinese Yuan", "CN&yen;#", 0.14),
            ("BRL", "Brazilian Real", "R$#", 0.19),
            ("INR", "Indian Rupee", "Rs.#", 0.012),
        ],
        Language::Ru => &[
            ("RUB", "Российский рубль", "# &#8381;", 1.0),
            ("USD", "Доллар США", "$#", 75.0),
            ("EUR", "Евро", "&euro;#", 85.0),
            ("UAH", "Гривна", "# &#8372;", 2.7),
            ("BYN", "Белорусский рубль", "# Br", 29.0),
        ],
    };
    for (place, (code, name, format, amount)) in (1..).zip(list) {
        store.put_currency(Currency {
            code: (*code).to_owned(),
            name: (*name).to_owned(),
            amount_count: 1,
            amount: *amount,
            sort: place * 100,
            base: place == 1,
            format: (*format).to_owned(),
            decimals: 2,
            updated: INSTALLED,
        });
    }
}
