//! The faces that text is drawn with: the crate's own, and installed ones for characters that it lacks.

use ab_glyph::{Font, FontRef, FontVec, GlyphId};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

static REGULAR: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("fonts/DejaVuSans-Bold.ttf");

/// Larger font files are not read.
const MOST_BYTES: u64 = 64 << 20;

/// A face with its file, which lives as long as the process.
#[derive(Debug)]
pub(super) struct Face {
    pub data: &'static [u8],
    /// Which face of the file.
    pub index: u32,
    font: FontRef<'static>,
    units: f64,
}

impl Face {
    fn new(data: &'static [u8], index: u32) -> Option<Self> {
        let font = FontRef::try_from_slice_and_index(data, index).ok()?;
        let units = f64::from(font.units_per_em().filter(|units| *units > 0.0)?);
        Some(Self { data, index, font, units })
    }

    pub fn font(&self) -> &FontRef<'static> {
        &self.font
    }

    /// Font units in an em.
    pub fn units(&self) -> f64 {
        self.units
    }

    /// The advance of the glyph, in ems.
    pub fn advance(&self, glyph: GlyphId) -> f64 {
        f64::from(self.font.h_advance_unscaled(glyph)) / self.units
    }
}

/// The files of the crate's own faces.
pub(super) fn own_files() -> [&'static [u8]; 2] {
    [REGULAR, BOLD]
}

/// A crate's own face; `None` only if its file were damaged: then text is left out.
pub(super) fn own(bold: bool) -> Option<&'static Face> {
    static FACES: OnceLock<[Option<Face>; 2]> = OnceLock::new();
    let faces = FACES.get_or_init(|| [Face::new(REGULAR, 0), Face::new(BOLD, 0)]);
    faces[usize::from(bold)].as_ref()
}

/// The face and glyph that show `c`: the crate's own, else an installed one, else the crate's box for
/// missing characters.
pub(super) fn glyph(c: char, bold: bool) -> Option<(&'static Face, GlyphId)> {
    let face = own(bold)?;
    let glyph = face.font.glyph_id(c);
    if glyph.0 != 0 || c.is_control() {
        return Some((face, glyph));
    }
    Some(installed(c).unwrap_or((face, glyph)))
}

/// The glyphs looked up so far.
#[derive(Default)]
struct Installed {
    known: HashMap<char, Option<(&'static Face, GlyphId)>>,
    faces: Vec<&'static Face>,
    /// Font files that are not read yet, the next one last.
    files: Option<Vec<PathBuf>>,
}

/// The glyph of an installed face. A character that none has is reported once, on standard error.
fn installed(c: char) -> Option<(&'static Face, GlyphId)> {
    static STATE: OnceLock<Mutex<Installed>> = OnceLock::new();
    let mut state =
        STATE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = state.known.get(&c) {
        return *known;
    }
    let found = state.find(c);
    state.known.insert(c, found);
    if found.is_none() && !invisible(c) {
        eprintln!(
            "figures: no installed font has the character {c} (U+{:04X}), which is drawn as a box; {}",
            u32::from(c),
            advice(c)
        );
    }
    found
}

impl Installed {
    fn find(&mut self, c: char) -> Option<(&'static Face, GlyphId)> {
        let in_face = |face: &'static Face| {
            let glyph = face.font.glyph_id(c);
            let seen = glyph.0 != 0 && (c.is_whitespace() || face.font.outline(glyph).is_some());
            seen.then_some((face, glyph))
        };
        if let Some(found) = self.faces.iter().copied().find_map(in_face) {
            return Some(found);
        }
        let mut files = self.files.take().unwrap_or_else(font_files);
        let mut found = None;
        while let (None, Some(file)) = (found, files.pop()) {
            for face in read(&file, c) {
                self.faces.push(face);
                found = found.or_else(|| in_face(face));
            }
        }
        self.files = Some(files);
        found
    }
}

/// The faces of a font file, kept for good if one of them has `c`. A file without it is forgotten: another
/// character may read it again only in a new process, so files are tried in the order of their coverage.
fn read(file: &Path, c: char) -> Vec<&'static Face> {
    let small = std::fs::metadata(file).is_ok_and(|file| file.len() <= MOST_BYTES);
    let Some(data) = small.then(|| std::fs::read(file).ok()).flatten() else { return Vec::new() };
    let has = |index| {
        FontVec::try_from_vec_and_index(data.clone(), index)
            .is_ok_and(|font| font.glyph_id(c).0 != 0)
    };
    // Faces of one collection differ in style, not in coverage: the first is enough.
    if !has(0) {
        return Vec::new();
    }
    let data: &'static [u8] = Box::leak(data.into_boxed_slice());
    Face::new(data, 0).map(|face| &*Box::leak(Box::new(face))).into_iter().collect()
}

/// Every font file of the machine, those with the widest coverage last.
fn font_files() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    let home = home.map(PathBuf::from).unwrap_or_default();
    let mut folders: Vec<PathBuf> = [
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "/System/Library/Fonts",
        "/Library/Fonts",
        "C:\\Windows\\Fonts",
    ]
    .map(PathBuf::from)
    .to_vec();
    for folder in [".local/share/fonts", ".fonts", "Library/Fonts"] {
        folders.push(home.join(folder));
    }
    let mut files = Vec::new();
    let mut depth = 0;
    while !folders.is_empty() && depth < 6 {
        let entries = std::mem::take(&mut folders);
        for entry in entries.iter().filter_map(|f| std::fs::read_dir(f).ok()).flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| {
                ["ttf", "otf", "ttc"].iter().any(|known| end.eq_ignore_ascii_case(known))
            }) {
                files.push(path);
            }
        }
        depth += 1;
    }
    let rank = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let plain = !["bold", "italic", "oblique", "mono", "serif", "light", "thin", "black"]
            .iter()
            .any(|style| name.contains(style));
        let wide = ["dejavusans.", "notosans-regular", "notosanscjk", "unicode", "notoemoji"]
            .iter()
            .any(|known| name.contains(known));
        (wide, plain, std::cmp::Reverse(name))
    };
    files.sort_by_cached_key(rank);
    files
}

/// Characters that take no ink: joiners, variation selectors, direction marks.
fn invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The font to install for a character.
fn advice(c: char) -> &'static str {
    match u32::from(c) {
        0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x3ffff => {
            "install a font such as Noto Sans CJK"
        }
        0x1f000..=0x1faff | 0x2600..=0x27bf => "install a font such as Noto Emoji",
        0x0400..=0x052f => "install a font such as DejaVu Sans",
        0x0600..=0x077f => "install a font such as Noto Sans Arabic",
        _ => "install a font that has it, such as one of the Noto family",
    }
}
