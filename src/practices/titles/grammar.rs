//! A grammar of titles: what sellers write, and how wrong they file it.

use super::catalog::{COLORS, FAMILIES, FILLERS, KINDS};
use crate::practices::dice::Dice;
use crate::text::strip_accents;

/// The language of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    Spanish,
    Portuguese,
}

/// The products of one label.
pub(super) struct Category {
    pub name: String,
    pub family: usize,
    /// Synonyms in Spanish and Portuguese.
    pub nouns: [Vec<&'static str>; 2],
    pub kind: usize,
    models: Vec<String>,
}

/// A row of the data set.
pub(super) struct Row {
    pub title: String,
    pub reliable: bool,
    pub tongue: Tongue,
    /// The category it is filed under, rightly or not.
    pub label: usize,
}

/// All categories, and how often each is drawn.
pub(super) struct Grammar {
    pub categories: Vec<Category>,
    /// Sums of the categories' weights.
    cumulative: Vec<f64>,
    /// The categories of each family.
    siblings: Vec<Vec<usize>>,
    seed: u64,
}

/// Products of a family.
const PRODUCTS: usize = 8;
/// The most categories there can be.
pub(super) const MOST_CATEGORIES: usize = FAMILIES.len() * PRODUCTS * KINDS.len();
/// MercadoLibre cuts titles at this number of characters.
const LONGEST_TITLE: usize = 60;
const PORTUGUESE_SHARE: f64 = 0.2;
const RELIABLE_SHARE: f64 = 0.25;
const DUPLICATE_SHARE: f64 = 0.08;
/// How often a label is wrong: of unreliable rows, of reliable ones.
const NOISE: [f64; 2] = [0.10, 0.01];

/// The two spellings of a list's items.
pub(super) fn pairs(list: &'static str) -> Vec<[&'static str; 2]> {
    let pair = |item: &'static str| match item.split_once('=') {
        Some((spanish, portuguese)) => [spanish, portuguese],
        None => [item, item],
    };
    list.split(',').map(pair).collect()
}

/// The products of a family: synonyms in Spanish and Portuguese.
pub(super) fn products(family: usize) -> Vec<[Vec<&'static str>; 2]> {
    let synonyms = |words: &'static str| words.split('/').collect();
    let product = |line: &'static str| {
        let (spanish, portuguese) = line.split_once('|').unwrap_or((line, line));
        [synonyms(spanish), synonyms(portuguese)]
    };
    FAMILIES[family].nouns.lines().map(product).collect()
}

impl Grammar {
    /// Categories of about six products a family, so that each has neighbors that share its brands and details.
    pub fn new(count: usize, seed: u64) -> Self {
        let families = count.div_ceil(6).clamp(1, FAMILIES.len());
        let all: Vec<_> = (0..families).map(products).collect();
        let category = |number: usize| {
            let (kind, base) = (number / (families * PRODUCTS), number % (families * PRODUCTS));
            let (product, family) = (base / families, base % families);
            let nouns = all[family][product].clone();
            let name = format!("{} {}", nouns[0][0], KINDS[kind].0);
            let name = strip_accents(name.trim()).to_uppercase().replace([' ', '-'], "_");
            Category { name, family, nouns, kind, models: models(seed, family, number) }
        };
        let mut categories: Vec<Category> = (0..count).map(category).collect();
        // "FUNDA_DE_CELULAR" reads better than "FUNDA_DE_CELULAR_PARA_NIÑOS" in ASCII alone.
        categories.iter_mut().for_each(|c| c.name = c.name.replace('Ñ', "N"));
        let mut ranks: Vec<usize> = (0..count).collect();
        Dice::new(seed, u64::MAX).shuffle(&mut ranks);
        let mut sum = 0.0;
        let cumulative = ranks
            .iter()
            .map(|rank| {
                sum += 1.0 / (*rank as f64 + 1.0 + 0.05 * count as f64);
                sum
            })
            .collect();
        let mut siblings = vec![Vec::new(); families];
        categories.iter().enumerate().for_each(|(i, c)| siblings[c.family].push(i));
        Self { categories, cumulative, siblings, seed }
    }

    fn draw_category(&self, dice: &mut Dice) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let at = dice.unit() * total;
        self.cumulative.partition_point(|sum| *sum <= at).min(self.categories.len() - 1)
    }

    fn sibling(&self, category: usize, dice: &mut Dice) -> usize {
        *dice.pick(&self.siblings[self.categories[category].family])
    }

    /// Row `number`, which depends on the seed and itself alone.
    pub fn row(&self, number: u64) -> Row {
        let mut dice = Dice::new(self.seed, 2 * number);
        if number > 0 && dice.chance(DUPLICATE_SHARE) {
            // The same seller lists the same thing once more, in another color or with another promise.
            let back = 1 + dice.below(number.min(50) as usize) as u64;
            let mut row = self.fresh(number - back);
            let side = usize::from(row.tongue == Tongue::Portuguese);
            let list = pairs(if dice.chance(0.5) { COLORS } else { FILLERS });
            let extra = *dice.pick(&list);
            let mut words: Vec<&str> = row.title.split(' ').collect();
            if words.len() > 5 && dice.chance(0.4) {
                words.pop();
            }
            words.push(extra[side]);
            row.title = words.join(" ");
            return row;
        }
        self.fresh(number)
    }

    fn fresh(&self, number: u64) -> Row {
        let mut dice = Dice::new(self.seed, 2 * number + 1);
        let category = self.draw_category(&mut dice);
        let tongue =
            if dice.chance(PORTUGUESE_SHARE) { Tongue::Portuguese } else { Tongue::Spanish };
        let reliable = dice.chance(RELIABLE_SHARE);
        let label = if dice.chance(NOISE[usize::from(reliable)]) {
            if dice.chance(0.6) {
                self.sibling(category, &mut dice)
            } else {
                self.draw_category(&mut dice)
            }
        } else {
            category
        };
        Row { title: self.title(category, tongue, &mut dice), reliable, tongue, label }
    }

    fn title(&self, number: usize, tongue: Tongue, dice: &mut Dice) -> String {
        let category = &self.categories[number];
        let family = &FAMILIES[category.family];
        let side = usize::from(tongue == Tongue::Portuguese);
        let noun = |category: &Category, dice: &mut Dice| {
            let synonyms = &category.nouns[side];
            synonyms[dice.weighted(&[0.6, 0.25, 0.15]).min(synonyms.len() - 1)].to_string()
        };
        let pick = |list: &'static str, dice: &mut Dice| dice.pick(&pairs(list))[side].to_string();

        let mut lead = Vec::new();
        if !dice.chance(0.12) {
            lead.push(noun(category, dice));
        }
        let (kind, other) = (category.kind, 1 + dice.below(KINDS.len() - 1));
        let shown = if kind > 0 && dice.chance(0.85) {
            kind
        } else if kind == 0 && dice.chance(0.04) {
            other
        } else {
            0
        };
        if shown > 0 {
            lead.push([KINDS[shown].0, KINDS[shown].1][side].to_string());
        }
        let mut maker = Vec::new();
        let brands: Vec<&str> = family.brands.split(',').collect();
        if lead.is_empty() || dice.chance(0.7) {
            // Zipf's law among brands too.
            let weights: Vec<f64> = (0..brands.len()).map(|i| 1.0 / (i + 2) as f64).collect();
            maker.push(brands[dice.weighted(&weights)].to_string());
        }
        if lead.is_empty() || dice.chance(0.45) {
            let place = (dice.unit() * dice.unit() * category.models.len() as f64) as usize;
            maker.push(category.models[place.min(category.models.len() - 1)].clone());
        }
        let mut rest = Vec::new();
        for chance in [0.7, 0.4] {
            if dice.chance(chance) {
                rest.push(pick(family.details, dice));
            }
        }
        if dice.chance(0.4) {
            let units: Vec<&str> = family.units.split(' ').collect();
            let value =
                *dice.pick(&[2, 3, 5, 10, 12, 15, 20, 24, 32, 40, 50, 55, 100, 128, 250, 500]);
            let unit = dice.pick(&units);
            let space = if *unit != "\"" && dice.chance(0.4) { " " } else { "" };
            rest.push(format!("{value}{space}{unit}"));
        }
        if dice.chance(0.35) {
            rest.push(pick(COLORS, dice));
        }
        if dice.chance(0.3) {
            let sibling = &self.categories[self.sibling(number, dice)];
            let (spanish, portuguese) = *dice.pick(&[
                ("para", "para"),
                ("con", "com"),
                ("símil", "tipo"),
                ("compatible", "compatível"),
                ("+", "+"),
            ]);
            rest.push(format!("{} {}", [spanish, portuguese][side], noun(sibling, dice)));
        }
        let filler = dice.chance(0.35).then(|| pick(FILLERS, dice));

        let mut parts = Vec::new();
        match dice.weighted(&[0.65, 0.2, 0.15]) {
            0 => parts.extend(lead.into_iter().chain(maker).chain(rest).chain(filler)),
            1 => parts.extend(maker.into_iter().chain(lead).chain(rest).chain(filler)),
            _ => parts.extend(filler.into_iter().chain(lead).chain(rest).chain(maker)),
        }
        while parts.len() > 1 && length(&parts) > LONGEST_TITLE {
            parts.pop();
        }
        write(&parts.join(" "), dice)
    }
}

fn length(parts: &[String]) -> usize {
    parts.iter().map(|part| part.chars().count() + 1).sum::<usize>() - 1
}

/// Models of a category: some of its own, some that others of the family have too.
fn models(seed: u64, family: usize, category: usize) -> Vec<String> {
    let code = |dice: &mut Dice| {
        let letters = b"abcdefghklmnprstvxz";
        let letter = |dice: &mut Dice| char::from(*dice.pick(letters));
        let mut code = letter(dice).to_string();
        if dice.chance(0.4) {
            code.push(letter(dice));
        }
        code + &(1 + dice.below(999)).to_string()
    };
    let stream = |number: usize| Dice::new(seed ^ 0x5ca1_ab1e, number as u64);
    let mut shared = stream(family);
    let shared: Vec<String> = (0..30).map(|_| code(&mut shared)).collect();
    let mut own = stream(1000 + category);
    let mut models: Vec<String> = (0..30).map(|_| code(&mut own)).collect();
    models.extend((0..20).map(|_| own.pick(&shared).clone()));
    own.shuffle(&mut models);
    models
}

/// A title as people type it: capitals, missing accents, typing errors.
fn write(title: &str, dice: &mut Dice) -> String {
    let plain;
    let title = if dice.chance(0.6) {
        plain = strip_accents(title).into_owned();
        plain.as_str()
    } else {
        title
    };
    let case = dice.weighted(&[0.75, 0.1, 0.15]);
    let word = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() > 4 && letters.iter().all(|c| c.is_alphabetic()) && dice.chance(0.025) {
            let at = 1 + dice.below(letters.len() - 2);
            if dice.chance(0.5) {
                letters.swap(at, at + 1);
            } else {
                letters.remove(at);
            }
        }
        let first = letters.iter().take(1).flat_map(|c| c.to_uppercase());
        let rest = letters.iter().skip(1);
        match case {
            0 => first.chain(rest.copied()).collect(),
            1 => letters.iter().flat_map(|c| c.to_lowercase()).collect(),
            _ => letters.iter().flat_map(|c| c.to_uppercase()).collect::<String>(),
        }
    };
    title.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
