//! Nouns that a chart counts, in English and Spanish.

use super::super::words::Language;

/// Declares each noun with its singular and plural in both languages.
macro_rules! nouns {
    ($($noun:ident: $one:literal $many:literal, $uno:literal $varios:literal;)*) => {
        /// A noun that a chart counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::plot) enum Noun {
            $($noun,)*
        }

        impl Noun {
            fn forms(self) -> [[&'static str; 2]; 2] {
                match self {
                    $(Self::$noun => [[$one, $many], [$uno, $varios]],)*
                }
            }
        }
    };
}

nouns! {
    Axis: "axis" "axes", "eje" "ejes";
    Bar: "bar" "bars", "barra" "barras";
    Bin: "bin" "bins", "intervalo" "intervalos";
    Box: "box" "boxes", "caja" "cajas";
    CalibrationCurve: "calibration curve" "calibration curves", "curva de calibración" "curvas de calibración";
    Class: "class" "classes", "clase" "clases";
    Column: "column" "columns", "columna" "columnas";
    Edge: "edge" "edges", "arista" "aristas";
    Epoch: "epoch" "epochs", "época" "épocas";
    Estimate: "estimate" "estimates", "estimación" "estimaciones";
    Experiment: "experiment" "experiments", "experimento" "experimentos";
    Fold: "fold" "folds", "partición" "particiones";
    Group: "group" "groups", "grupo" "grupos";
    Image: "image" "images", "imagen" "imágenes";
    Item: "item" "items", "elemento" "elementos";
    Line: "line" "lines", "línea" "líneas";
    Measure: "measure" "measures", "medida" "medidas";
    Node: "node" "nodes", "nodo" "nodos";
    Part: "part" "parts", "parte" "partes";
    Period: "period" "periods", "período" "períodos";
    Place: "place" "places", "lugar" "lugares";
    Point: "point" "points", "punto" "puntos";
    PrecisionRecallCurve: "precision–recall curve" "precision–recall curves",
        "curva de precisión y exhaustividad" "curvas de precisión y exhaustividad";
    RocCurve: "ROC curve" "ROC curves", "curva ROC" "curvas ROC";
    Row: "row" "rows", "fila" "filas";
    Run: "run" "runs", "ejecución" "ejecuciones";
    Strip: "strip" "strips", "banda de puntos" "bandas de puntos";
    Text: "text" "texts", "texto" "textos";
    Value: "value" "values", "valor" "valores";
    Variable: "variable" "variables", "variable" "variables";
    Violin: "violin" "violins", "violín" "violines";
}

impl Noun {
    /// The number with the noun, such as `2 boxes` or `2 cajas`.
    pub fn counted(self, count: usize, language: Language) -> String {
        let [english, spanish] = self.forms();
        let [one, many] = match language {
            Language::English => english,
            Language::Spanish => spanish,
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}
