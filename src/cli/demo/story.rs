//! The demo's sentences.

use std::path::Path;

use super::loss::Loss;
use super::proof::Proof;
use super::world;
use crate::report::Language;
use crate::sandbox::store::record::Entity;

/// What happened before the first command.
pub fn opening(loss: &Loss, dir: &Path, language: Language) -> String {
    let [companies, contacts, leads, deals] =
        [Entity::Company, Entity::Contact, Entity::Lead, Entity::Deal].map(|entity| loss.of(entity));
    let Loss { changed, made, recovered, retyped, before, .. } = loss;
    let dir = dir.display();
    match language {
        Language::En => format!(
            "\"Montacargas y Almacenaje Cerro Ceniza\", an invented company, {before} CRM records\n\
             20/11 03:10  the backup of the day\n\
             20-22/11     work goes on: {changed} records change, {made} are new until today\n\
             23/11 08:14  a portfolio and a pipeline are deleted by mistake:\n\
             \x20            {companies} companies, {contacts} contacts, {leads} leads, {deals} deals\n\
             23/11 08:26  by hand: {recovered} out of the recycle bin, {retyped} typed in again\n\
             afterwards   Support hands out four CSV files of 20/11\n\
             Written to   {dir}"
        ),
        Language::Es => format!(
            "\"Montacargas y Almacenaje Cerro Ceniza\", empresa inventada, {before} registros\n\
             20/11 03:10  la copia de seguridad del día\n\
             20-22/11     se sigue trabajando: {changed} registros cambian, {made} son nuevos\n\
             23/11 08:14  se eliminan por error una cartera y un embudo:\n\
             \x20            {companies} compañías, {contacts} contactos, {leads} prospectos, {deals} negociaciones\n\
             23/11 08:26  a mano: {recovered} vuelven de la papelera, {retyped} se capturan otra vez\n\
             después      Soporte entrega cuatro archivos CSV del 20/11\n\
             Se escribe   {dir}"
        ),
    }
}

/// What the count found, and where to look.
pub fn closing(proof: &Proof, proven: bool, report: &Path, portal: &Path, seconds: f64, language: Language) -> String {
    let Proof { lost, once, missing, twice, marked, all, .. } = proof;
    let verdict = match (language, proven) {
        (Language::En, true) => {
            format!("PROVEN: nothing is missing, nothing is twice\n{once} of {lost} lost records are there exactly once")
        }
        (Language::Es, true) => {
            format!(
                "COMPROBADO: no falta nada y nada está dos veces\n{once} de {lost} registros perdidos están exactamente una vez"
            )
        }
        (Language::En, false) => {
            format!(
                "NOT PROVEN\n{once} of {lost} lost records are there once, {missing} are missing, {twice} are there more than once"
            )
        }
        (Language::Es, false) => {
            format!(
                "NO COMPROBADO\n{once} de {lost} registros perdidos están una vez, {missing} faltan, {twice} están más de una vez"
            )
        }
    };
    let (report, portal, zone) = (report.display(), portal.display(), world::ZONE);
    match language {
        Language::En => format!(
            "\n{verdict}\n\
             (counted in the portal: {all} records, {marked} with b24restore's mark; neither plan\n\
             nor journal was read for this)\n\
             Report       {report}\n\
             The portal   b24restore sandbox --data {portal} --zone {zone}\n\
             Time         {seconds:.1} s"
        ),
        Language::Es => format!(
            "\n{verdict}\n\
             (contados en el portal: {all} registros, {marked} con la marca de b24restore; sin leer\n\
             la revisión ni la bitácora)\n\
             Informe      {report}\n\
             El portal    b24restore sandbox --data {portal} --zone {zone}\n\
             Tiempo       {seconds:.1} s"
        ),
    }
}
