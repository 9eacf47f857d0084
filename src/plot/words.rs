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
    LeftOut,
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
            Word::LeftOut => {
                ("values that are not finite, left out", "valores no finitos, omitidos")
            }
        };
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }
}
