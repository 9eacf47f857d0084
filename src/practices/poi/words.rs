//! Names, descriptions and tags in Spanish, from a small grammar.

use super::scene::Subject;
use crate::practices::dice::Dice;

const SURNAMES: [&str; 24] = [
    "Alarcón",
    "Bermejo",
    "Cifuentes",
    "Domínguez",
    "Espinosa",
    "Fajardo",
    "Galdós",
    "Herrera",
    "Izquierdo",
    "Jovellanos",
    "Ledesma",
    "Montalbán",
    "Navarro",
    "Olivares",
    "Pimentel",
    "Quiroga",
    "Robledo",
    "Salvatierra",
    "Tordesillas",
    "Urbina",
    "Valdeolivas",
    "Villanueva",
    "Zambrano",
    "Zúñiga",
];
const SAINTS: [&str; 16] = [
    "San Andrés",
    "San Bernabé",
    "San Damián",
    "San Eloy",
    "San Fermín",
    "San Ginés",
    "San Isidoro",
    "San Lázaro",
    "San Millán",
    "San Telmo",
    "Santa Águeda",
    "Santa Elena",
    "Santa Inés",
    "Santa Lucía",
    "Santa Quiteria",
    "Santo Tomé",
];
const MYTHS: [&str; 14] = [
    "Apolo",
    "Diana",
    "Ceres",
    "los Delfines",
    "Galatea",
    "Hércules",
    "Minerva",
    "las Musas",
    "Orfeo",
    "Pomona",
    "los Tritones",
    "Venus",
    "Vulcano",
    "la Aurora",
];
const PLACES: [&str; 18] = [
    "la Alameda",
    "la Encina",
    "la Vega",
    "las Delicias",
    "los Álamos",
    "los Jardines",
    "la Ribera",
    "el Olmo",
    "las Huertas",
    "la Colina",
    "el Mirador",
    "los Olivos",
    "la Muralla",
    "el Molino",
    "las Lomas",
    "la Dehesa",
    "el Prado Viejo",
    "la Cuesta",
];
const CRAFTS: [&str; 10] = [
    "Artes Gráficas",
    "la Fotografía",
    "Historia Urbana",
    "la Cerámica",
    "las Letras",
    "la Imprenta",
    "Arte Moderno",
    "la Música",
    "el Traje",
    "la Ingeniería",
];
const PROFESSIONS: [&str; 8] =
    ["poeta", "general", "arquitecta", "pintor", "navegante", "escritora", "médico", "compositora"];
const CENTURIES: [&str; 7] = ["XIII", "XV", "XVI", "XVII", "XVIII", "XIX", "XX"];
const ADJECTIVES: [&str; 12] = [
    "discreto",
    "solemne",
    "elegante",
    "singular",
    "sobrio",
    "luminoso",
    "imponente",
    "sereno",
    "evocador",
    "austero",
    "armonioso",
    "insólito",
];
const TAGS: [&str; 36] = [
    "Arte",
    "Historia",
    "Monumento",
    "Patrimonio",
    "Arquitectura",
    "Cultura",
    "Paseo",
    "Turismo",
    "Piedra",
    "Barroco",
    "Neoclásico",
    "Renacimiento",
    "Gótico",
    "Mudéjar",
    "Modernismo",
    "Leyenda",
    "Realeza",
    "Nobleza",
    "Devoción",
    "Restauración",
    "Fotografía",
    "Familia",
    "Tradición",
    "Barrio",
    "Memoria",
    "Literatura",
    "Música",
    "Ciencia",
    "Jardín",
    "Agua",
    "Mirador",
    "Arte urbano",
    "Siglo de Oro",
    "Ilustración",
    "Vida cotidiana",
    "Guerra",
];

/// Categories of a place, with the frequencies of the course's data for its subject.
pub(super) fn categories(subject: Subject, dice: &mut Dice) -> Vec<&'static str> {
    let likely: &[(&str, f64)] = match subject {
        Subject::Palace => {
            &[("Historia", 0.95), ("Arquitectura", 0.8), ("Patrimonio", 0.6), ("Cultura", 0.55)]
        }
        Subject::Church => &[
            ("Historia", 0.95),
            ("Arquitectura", 0.6),
            ("Patrimonio", 0.5),
            ("Misterio", 0.35),
            ("Cultura", 0.4),
        ],
        Subject::Castle => {
            &[("Historia", 1.0), ("Misterio", 0.5), ("Patrimonio", 0.5), ("Arquitectura", 0.4)]
        }
        Subject::Statue => {
            &[("Escultura", 0.9), ("Historia", 0.8), ("Cultura", 0.75), ("Misterio", 0.2)]
        }
        Subject::Fountain => {
            &[("Escultura", 0.65), ("Historia", 0.75), ("Patrimonio", 0.4), ("Cultura", 0.6)]
        }
        Subject::Gate => {
            &[("Historia", 0.95), ("Arquitectura", 0.7), ("Patrimonio", 0.5), ("Cultura", 0.4)]
        }
        Subject::Museum => &[
            ("Cultura", 1.0),
            ("Historia", 0.55),
            ("Pintura", 0.3),
            ("Cine", 0.14),
            ("Ocio", 0.2),
            ("Gastronomía", 0.1),
        ],
        Subject::Garden => {
            &[("Naturaleza", 0.75), ("Historia", 0.7), ("Cultura", 0.55), ("Ocio", 0.4)]
        }
        Subject::Observatory => {
            &[("Ciencia", 0.95), ("Cultura", 0.7), ("Historia", 0.6), ("Arquitectura", 0.3)]
        }
    };
    let mut kept: Vec<&str> =
        likely.iter().filter(|(_, share)| dice.chance(*share)).map(|(name, _)| *name).collect();
    dice.shuffle(&mut kept);
    kept.truncate(4);
    kept
}

pub(super) fn name(subject: Subject, dice: &mut Dice) -> String {
    let (surname, saint) = (dice.pick(&SURNAMES), dice.pick(&SAINTS));
    let (myth, place) = (dice.pick(&MYTHS), dice.pick(&PLACES));
    let (craft, profession) = (dice.pick(&CRAFTS), dice.pick(&PROFESSIONS));
    let other = dice.pick(&SURNAMES);
    let forms = match subject {
        Subject::Palace => [
            format!("Palacio de los {surname}"),
            format!("Palacio del Marqués de {surname}"),
            format!("Casa-Palacio de {surname} y {other}"),
        ],
        Subject::Church => [
            format!("Iglesia de {saint}"),
            format!("Ermita de {saint} de {}", place),
            format!("Convento de {saint}"),
        ],
        Subject::Castle => [
            format!("Castillo de {surname}"),
            format!("Torre de {}", place),
            format!("Alcázar de {surname}"),
        ],
        Subject::Statue => [
            format!("Estatua de {myth}"),
            format!("Monumento a {surname}, {profession}"),
            format!("Escultura de {myth} en {place}"),
        ],
        Subject::Fountain => [
            format!("Fuente de {myth}"),
            format!("Fuente de {}", place),
            format!("Fuente monumental de {surname}"),
        ],
        Subject::Gate => [
            format!("Puerta de {}", place),
            format!("Arco de {saint}"),
            format!("Puerta de {surname}"),
        ],
        Subject::Museum => [
            format!("Museo de {}", craft),
            format!("Centro Cultural {surname}"),
            format!("Fundación {surname} {other}"),
        ],
        Subject::Garden => [
            format!("Jardines de {}", place),
            format!("Parque de {surname}"),
            format!("Templete de {myth}"),
        ],
        Subject::Observatory => [
            format!("Observatorio de {}", place),
            format!("Instituto Astronómico {surname}"),
            format!("Observatorio {surname}"),
        ],
    };
    dice.pick(&forms).replace("de el ", "del ")
}

pub(super) fn description(name: &str, dice: &mut Dice) -> String {
    let (century, adjective) = (dice.pick(&CENTURIES), dice.pick(&ADJECTIVES));
    let (surname, place) = (dice.pick(&SURNAMES), dice.pick(&PLACES));
    let year = 1480 + dice.below(440);
    let openings = [
        format!("Construido hacia {year} por encargo de la familia {surname},"),
        format!("En lo alto de {place}, este lugar {adjective} del siglo {century}"),
        format!("{name} es un rincón {adjective} que"),
        format!("Levantado en el siglo {century} y reformado en {year}, el conjunto"),
        format!("Quien pasea por {place} encuentra aquí un espacio {adjective} que"),
    ];
    let middles = [
        "guarda la memoria de los oficios del barrio",
        "reúne piezas de varias épocas en torno a un patio",
        "conserva inscripciones que aún nadie ha descifrado del todo",
        "fue lugar de reunión de artesanos y viajeros",
        "muestra cómo cambió la ciudad en pocas décadas",
        "sirvió de refugio durante una gran riada",
        "debe su forma actual a una restauración \"piedra a piedra\"",
    ];
    let ends = [
        "Merece una visita sin prisa.",
        "Los vecinos lo llaman, con cariño, «la casa grande».",
        "Al caer la tarde, la luz resalta cada detalle.",
        "Una placa recuerda a quienes lo salvaron del derribo.",
        "Se dice que de noche se oyen pasos en la escalera.",
        "¡Descúbrelo en tu próximo paseo!",
    ];
    let text = format!("{} {}. {}", dice.pick(&openings), dice.pick(&middles), dice.pick(&ends));
    text.replace("de el ", "del ")
}

/// Up to 13 tags, sometimes with the place's own name; some places have none.
pub(super) fn tags(name: &str, dice: &mut Dice) -> Vec<String> {
    if dice.chance(0.068) {
        return Vec::new();
    }
    let mut tags: Vec<String> = TAGS.iter().map(|tag| tag.to_string()).collect();
    dice.shuffle(&mut tags);
    let few = dice.chance(0.35);
    tags.truncate(if few { 2 + dice.below(4) } else { 8 + dice.below(5) });
    if dice.chance(0.3) {
        tags.push(name.to_string());
    }
    if dice.chance(0.08) {
        tags.push(format!("L'{}", dice.pick(&["Eixample", "Hospital", "Ermita", "Arxiu"])));
    }
    tags
}
