//! The main category of a sample place, and what its description and tags reveal of it.

use super::scene::Subject;
use crate::practices::dice::Dice;

/// The main categories of a subject with their shares: common ones, and a tail of rare ones.
fn likely(subject: Subject) -> &'static [(&'static str, f64)] {
    match subject {
        Subject::Palace => &[("Arquitectura", 0.55), ("Patrimonio", 0.25), ("Historia", 0.2)],
        Subject::Church => &[("Patrimonio", 0.55), ("Historia", 0.25), ("Misterio", 0.2)],
        Subject::Castle => &[("Historia", 0.65), ("Misterio", 0.25), ("Patrimonio", 0.1)],
        Subject::Statue => &[("Escultura", 0.7), ("Cultura", 0.3)],
        Subject::Fountain => &[("Escultura", 0.35), ("Patrimonio", 0.35), ("Cultura", 0.3)],
        Subject::Gate => &[("Historia", 0.5), ("Arquitectura", 0.4), ("Patrimonio", 0.1)],
        Subject::Museum => {
            &[("Cultura", 0.42), ("Pintura", 0.26), ("Cine", 0.16), ("Gastronomía", 0.16)]
        }
        Subject::Garden => &[("Naturaleza", 0.6), ("Ocio", 0.4)],
        Subject::Observatory => &[("Ciencia", 0.85), ("Cultura", 0.15)],
    }
}

/// Words of a category in descriptions.
fn phrases(category: &str) -> [&'static str; 3] {
    match category {
        "Arquitectura" => [
            "Su fachada y su bóveda son un ejemplo del estilo de la época.",
            "El arquitecto trazó la planta en torno a una gran escalera.",
            "Destacan sus columnas, sus arcos y la cubierta de pizarra.",
        ],
        "Patrimonio" => [
            "Está declarado bien de interés cultural y protegido por ley.",
            "El retablo y la campana son herencia de la parroquia.",
            "Su conservación es un empeño de todo el municipio.",
        ],
        "Historia" => [
            "Aquí se firmó una tregua que cambió la guerra.",
            "El rey pasó aquí una noche antes de la batalla.",
            "Las crónicas medievales narran el asedio.",
        ],
        "Misterio" => [
            "Una leyenda habla de un fantasma y de un tesoro oculto.",
            "Nadie explica las luces extrañas ni el secreto de la cripta.",
            "Dicen que una maldición pesa sobre el lugar.",
        ],
        "Escultura" => [
            "El escultor talló la figura en bronce y mármol.",
            "La estatua, sobre su pedestal, mira hacia levante.",
            "El grupo escultórico representa una escena mitológica.",
        ],
        "Cultura" => [
            "Acoge exposiciones, conciertos y talleres todo el año.",
            "Sus salas programan teatro, danza y literatura.",
            "Es un centro abierto a asociaciones y artistas.",
        ],
        "Pintura" => [
            "Sus lienzos y frescos muestran la obra de un gran pintor.",
            "La colección de óleos y acuarelas ocupa tres salas.",
            "El mural y los retratos llenan la galería de color.",
        ],
        "Cine" => [
            "Aquí se rodaron varias películas de un director célebre.",
            "La pantalla y el proyector de la vieja sala siguen en uso.",
            "Fue escenario de un rodaje, con actores y cámaras.",
        ],
        "Gastronomía" => [
            "El mercado ofrece quesos, vinos y dulces de la comarca.",
            "Su cocina, con receta propia, atrae a los amantes del guiso.",
            "En la taberna se sirven tapas y platos de temporada.",
        ],
        "Naturaleza" => [
            "Árboles centenarios y aves rodean el estanque.",
            "El sendero cruza un bosque de encinas junto al río.",
            "La rosaleda florece en primavera entre setos y cedros.",
        ],
        "Ocio" => [
            "Los niños juegan en los columpios y en el embarcadero.",
            "Hay barcas, quiosco de música y pistas para patinar.",
            "Los domingos se llena de familias y de juegos.",
        ],
        _ => [
            "El telescopio y los instrumentos miden las estrellas.",
            "Un científico realizó aquí sus experimentos de física.",
            "El laboratorio explica la astronomía y el clima.",
        ],
    }
}

/// Puts the main category first among a place's categories, of which there are at most four.
pub(super) fn arrange(categories: &mut Vec<&'static str>, subject: Subject, dice: &mut Dice) {
    if categories.is_empty() {
        return;
    }
    let likely = likely(subject);
    let shares: Vec<f64> = likely.iter().map(|(_, share)| *share).collect();
    let main = likely[dice.weighted(&shares)].0;
    categories.retain(|category| *category != main);
    categories.insert(0, main);
    categories.truncate(4);
}

/// Adds what reveals the category to most descriptions and to some tags; a few mislead.
pub(super) fn describe(
    categories: &[&'static str],
    description: &mut String,
    tags: &mut Vec<String>,
    dice: &mut Dice,
) {
    let Some(main) = categories.first() else { return };
    let told = if dice.chance(0.8) { *main } else { *dice.pick(categories) };
    if dice.chance(0.85) {
        description.push(' ');
        description.push_str(phrases(told)[dice.below(3)]);
    }
    if !tags.is_empty() && dice.chance(0.35) {
        tags.insert(0, told.to_string());
    }
}
