//! Word vectors for the grammar's words: near where the words are used alike.

use super::catalog::{COLORS, FAMILIES, FILLERS, KINDS};
use super::grammar::{Grammar, pairs, products};
use crate::practices::dice::Dice;
use crate::text::Tokenizer;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write;

const DIMENSIONS: usize = 64;
/// The share of words without a vector.
const MISSING: f64 = 0.1;

/// Directions that a word's uses have in common, told apart by a number.
const BRAND: u64 = 1;
const DETAIL: u64 = 2;
const COLOR: u64 = 3;
const FILLER: u64 = 4;
const KIND: u64 = 5;
const FAMILY: u64 = 100;
const PRODUCT: u64 = 1000;

/// The file's bytes: GloVe's text format, gzip.
pub(super) fn file(grammar: &Grammar, seed: u64) -> std::io::Result<Vec<u8>> {
    let families = grammar.categories.iter().map(|c| c.family + 1).max().unwrap_or(0);
    // Of each word, the uses it has and how much each says about it.
    let mut uses: BTreeMap<String, Vec<(u64, f64)>> = BTreeMap::new();
    let tokenizer = Tokenizer::spanish();
    let mut add = |text: &str, meaning: &[(u64, f64)]| {
        for word in tokenizer.tokenize(text) {
            uses.entry(word).or_default().extend_from_slice(meaning);
        }
    };
    for (family, shared) in FAMILIES.iter().take(families).enumerate() {
        let of_family = FAMILY + family as u64;
        for (product, nouns) in products(family).iter().enumerate() {
            let of_product = PRODUCT + (family * 100 + product) as u64;
            for noun in nouns.iter().flatten() {
                add(noun, &[(of_family, 0.5), (of_product, 0.7)]);
            }
        }
        shared.brands.split(',').for_each(|b| add(b, &[(of_family, 0.5), (BRAND, 0.8)]));
        for detail in pairs(shared.details).iter().flatten() {
            add(detail, &[(of_family, 0.3), (DETAIL, 0.8)]);
        }
        shared.units.split(' ').for_each(|unit| add(unit, &[(DETAIL, 0.5)]));
    }
    pairs(COLORS).iter().flatten().for_each(|color| add(color, &[(COLOR, 1.0)]));
    pairs(FILLERS).iter().flatten().for_each(|filler| add(filler, &[(FILLER, 1.0)]));
    KINDS.iter().for_each(|(a, b)| [a, b].iter().for_each(|kind| add(kind, &[(KIND, 1.0)])));
    (0..100).for_each(|number| add(&number.to_string(), &[(DETAIL, 0.6)]));

    let direction = |number: u64| -> Vec<f64> {
        let mut dice = Dice::new(seed ^ 0xd1ce, number);
        (0..DIMENSIONS).map(|_| dice.normal()).collect()
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for (number, (word, meaning)) in uses.iter().enumerate() {
        let mut dice = Dice::new(seed ^ 0xf00d, number as u64);
        if dice.chance(MISSING) {
            continue;
        }
        let total: f64 = meaning.iter().map(|(_, share)| share * share).sum::<f64>().sqrt();
        let mut vector: Vec<f64> = (0..DIMENSIONS).map(|_| 0.6 * dice.normal()).collect();
        for (use_of, share) in meaning {
            let push = |(value, d): (&mut f64, f64)| *value += share / total * d;
            vector.iter_mut().zip(direction(*use_of)).for_each(push);
        }
        write!(encoder, "{word}")?;
        for value in vector {
            write!(encoder, " {:.3}", 0.3 * value)?;
        }
        writeln!(encoder)?;
    }
    encoder.finish()
}
