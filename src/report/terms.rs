//! The field's terms, which tables come with in English, in the language of the report.

use crate::plot::Language;

/// English terms of tables and their Spanish, in alphabetical order.
const SPANISH: &[(&str, &str)] = &[
    ("MSE", "ECM"),
    ("accuracy", "exactitud"),
    ("after", "después"),
    ("all", "todas"),
    ("attempts", "intentos"),
    ("attention pooling", "fusión por atención"),
    ("average precision", "precisión media"),
    ("balanced", "equilibrados"),
    ("balanced accuracy", "exactitud equilibrada"),
    ("balanced batches", "lotes equilibrados"),
    ("balanced_accuracy", "exactitud equilibrada"),
    ("baseline", "referencia"),
    ("batch", "lote"),
    ("before", "antes"),
    ("calibration error", "error de calibración"),
    ("category", "categoría"),
    ("change", "cambio"),
    ("class", "clase"),
    ("class weights", "pesos de clase"),
    ("color histogram", "histograma de color"),
    ("count", "cantidad"),
    ("cross-entropy", "entropía cruzada"),
    ("deeper fine-tuning", "ajuste fino más profundo"),
    ("detail", "detalle"),
    ("effective number", "número efectivo"),
    ("embedding", "representación"),
    ("epochs", "épocas"),
    ("example", "ejemplo"),
    ("examples per epoch", "ejemplos por época"),
    ("experiment", "experimento"),
    ("f1_macro", "F1 macro"),
    ("F1 (macro)", "F1 (macro)"),
    ("F1 high", "F1, máximo"),
    ("F1 low", "F1, mínimo"),
    ("filters", "filtros"),
    ("fine-tuned", "con ajuste fino"),
    ("focal loss", "pérdida focal"),
    ("fold", "partición"),
    ("image", "imagen"),
    ("image alone", "solo la imagen"),
    ("kappa", "kappa"),
    ("label", "etiqueta"),
    ("late fusion", "fusión tardía"),
    ("learning rate", "tasa de aprendizaje"),
    ("linear SVM", "SVM lineal"),
    ("log-loss", "pérdida logarítmica"),
    ("loss", "pérdida"),
    ("macro F1", "F1 macro"),
    ("mean ± deviation", "media ± desviación"),
    ("metadata", "metadatos"),
    ("metric", "métrica"),
    ("micro F1", "F1 micro"),
    ("minority F1", "F1 de las minoritarias"),
    ("mixup", "mixup"),
    ("model", "modelo"),
    ("most frequent class", "clase más frecuente"),
    ("network", "red"),
    ("no class weights", "sin pesos de clase"),
    ("not an image", "no es una imagen"),
    ("not found", "no encontrada"),
    ("nothing", "ninguna"),
    ("ok", "correcta"),
    ("ordinal loss", "pérdida ordinal"),
    ("outcome", "resultado"),
    ("over-sampling", "sobremuestreo"),
    ("pair", "par"),
    ("parameters", "parámetros"),
    ("parameters (millions)", "parámetros (millones)"),
    ("part", "parte"),
    ("pixels", "píxeles"),
    ("precision", "precisión"),
    ("precision (macro)", "precisión (macro)"),
    ("precision at 1", "precisión en 1"),
    ("precision at 10", "precisión en 10"),
    ("precision at 5", "precisión en 5"),
    ("pretrained network", "red preentrenada"),
    ("published", "publicado"),
    ("quadratic kappa", "kappa cuadrático"),
    ("recall", "exhaustividad"),
    ("recall (macro)", "exhaustividad (macro)"),
    ("rows", "filas"),
    ("seconds", "segundos"),
    ("seconds per epoch", "segundos por época"),
    ("setting", "parámetro"),
    ("share", "proporción"),
    ("simple network", "red simple"),
    ("stage", "etapa"),
    ("strategy", "estrategia"),
    ("suggested", "propuesta"),
    ("support", "ejemplos"),
    ("test", "prueba"),
    ("test accuracy", "exactitud en la prueba"),
    ("test balanced accuracy", "exactitud equilibrada en la prueba"),
    ("test loss", "pérdida en la prueba"),
    ("text", "texto"),
    ("this run", "esta ejecución"),
    ("time-out", "sin respuesta a tiempo"),
    ("together", "juntas"),
    ("too large", "demasiado grande"),
    ("train", "entrenamiento"),
    ("train accuracy", "exactitud en entrenamiento"),
    ("train loss", "pérdida en entrenamiento"),
    ("trained", "vectores entrenados"),
    ("trained network", "red entrenada"),
    ("trained parameters", "parámetros entrenados"),
    ("training", "entrenamiento"),
    ("under-sampling", "submuestreo"),
    ("unreachable", "inaccesible"),
    ("urls", "direcciones"),
    ("validation", "validación"),
    ("validation accuracy", "exactitud en validación"),
    ("validation loss", "pérdida en validación"),
    ("values", "valores"),
    ("weighted F1", "F1 ponderado"),
    ("within one step", "a un paso como máximo"),
];

/// Marks between the parts of a text that are terms of their own.
const BETWEEN: [&str; 3] = [" · ", " + ", ", "];

/// The terms of a report: its own, before those of the field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub language: Language,
    /// English and translation.
    pub own: &'a [(String, String)],
}

impl Terms<'_> {
    /// No terms but the field's.
    pub fn of_the_field(language: Language) -> Self {
        Self { language, own: &[] }
    }

    /// A header or cell in the language: a term, terms with marks between them, or numbers. Any other text stays.
    pub fn translated(&self, text: &str) -> String {
        if let Some(known) = self.known(text) {
            return known.to_string();
        }
        if self.language == Language::Spanish && is_numbers(text) {
            return text.replace(", ", "; ").replace('.', ",");
        }
        match BETWEEN.iter().find(|mark| text.contains(**mark)) {
            Some(mark) => {
                text.split(mark).map(|part| self.translated(part)).collect::<Vec<_>>().join(mark)
            }
            None => text.to_string(),
        }
    }

    fn known(&self, text: &str) -> Option<&str> {
        let own = self.own.iter().find(|(english, _)| english == text);
        own.map(|(_, translation)| translation.as_str()).or_else(|| match self.language {
            Language::English => None,
            Language::Spanish => {
                SPANISH.iter().find(|(english, _)| *english == text).map(|(_, spanish)| *spanish)
            }
        })
    }
}

/// Returns `true` for several numbers with their marks, such as `0.41 [0.38, 0.43]`. One alone may be a version.
fn is_numbers(text: &str) -> bool {
    text.contains(['[', '±', '–', '→'])
        && text.contains(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_whitespace() || "[]().,%±–→+-−×".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_translated_alone_and_between_marks() {
        let own = [("10 artists".to_string(), "10 artistas".to_string())];
        let terms = Terms { language: Language::Spanish, own: &own };
        for (english, spanish) in [
            ("balanced_accuracy", "exactitud equilibrada"),
            ("class weights, 10 artists", "pesos de clase, 10 artistas"),
            ("a · image + metadata", "a · imagen + metadatos"),
            ("0.304 [0.25, 0.36]", "0,304 [0,25; 0,36]"),
            ("0.771 ± 0.072", "0,771 ± 0,072"),
            ("1.1", "1.1"),
            ("Vincent van Gogh", "Vincent van Gogh"),
            ("Algo, ni más, ni menos", "Algo, ni más, ni menos"),
        ] {
            assert_eq!(terms.translated(english), spanish);
        }
        let english = Terms::of_the_field(Language::English);
        assert_eq!(english.translated("0.304 [0.25, 0.36]"), "0.304 [0.25, 0.36]");
        assert_eq!(english.translated("accuracy"), "accuracy");
    }
}
