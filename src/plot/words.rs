//! The words that figures add by themselves, in English and Spanish.

/// The language of the words that a figure adds by itself, such as "epoch" and "predicted class".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

/// A word that a figure adds by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Epoch,
    Train,
    Validation,
    Best,
    BestEpoch,
    TrueClass,
    PredictedClass,
    Count,
    ShareOfTrueClass,
    LearningRate,
}

impl Language {
    pub(super) fn word(self, word: Word) -> &'static str {
        let (english, spanish) = match word {
            Word::Epoch => ("epoch", "época"),
            Word::Train => ("train", "entrenamiento"),
            Word::Validation => ("validation", "validación"),
            Word::Best => ("best", "mejor"),
            Word::BestEpoch => ("best epoch", "mejor época"),
            Word::TrueClass => ("true class", "clase real"),
            Word::PredictedClass => ("predicted class", "clase predicha"),
            Word::Count => ("count", "cantidad"),
            Word::ShareOfTrueClass => ("share of the true class", "proporción de la clase real"),
            Word::LearningRate => ("learning rate", "tasa de aprendizaje"),
        };
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }

    /// The note that `count` values are not drawn.
    pub(super) fn left_out(self, count: usize) -> String {
        match (self, count) {
            (Self::English, 1) => "1 value that is not finite is not drawn".to_string(),
            (Self::English, _) => format!("{count} values that are not finite are not drawn"),
            (Self::Spanish, 1) => "no se dibuja 1 valor no finito".to_string(),
            (Self::Spanish, _) => format!("no se dibujan {count} valores no finitos"),
        }
    }
}
