//! The words that a report adds by itself, in English and Spanish.

use crate::plot::Language;

/// A word that a report adds by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Figure,
    Table,
    Section,
    Contents,
    Run,
    Property,
    Value,
    Date,
    Duration,
    Processor,
    Memory,
    System,
    Version,
    Measure,
}

/// The word in `language`, capitalized as at the beginning of a caption.
pub(super) fn word(language: Language, word: Word) -> &'static str {
    let (english, spanish) = match word {
        Word::Figure => ("Figure", "Figura"),
        Word::Table => ("Table", "Tabla"),
        Word::Section => ("Section", "Sección"),
        Word::Contents => ("Contents", "Índice"),
        Word::Run => ("The run", "Datos de la ejecución"),
        Word::Property => ("Property", "Propiedad"),
        Word::Value => ("Value", "Valor"),
        Word::Date => ("Date", "Fecha"),
        Word::Duration => ("Duration", "Duración"),
        Word::Processor => ("Processor", "Procesador"),
        Word::Memory => ("Memory", "Memoria"),
        Word::System => ("System", "Sistema"),
        Word::Version => ("Versions", "Versiones"),
        Word::Measure => ("Measure", "Medida"),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

/// The note that a table shows `shown` of `rows` rows.
pub(super) fn rows_shown(language: Language, shown: usize, rows: usize) -> String {
    let (shown, rows) = (language.number(shown as f64, 0), language.number(rows as f64, 0));
    match language {
        Language::English => format!("the first {shown} of {rows} rows"),
        Language::Spanish => format!("las primeras {shown} de {rows} filas"),
    }
}
