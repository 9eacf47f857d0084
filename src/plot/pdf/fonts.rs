//! The fonts of a PDF: which glyphs of which face are used, and their subset in the file.

use super::super::faces::Face;
use super::super::font;
use super::deflate::deflated;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use std::collections::BTreeMap;
use subsetter::GlyphRemapper;

const SYSTEM_INFO: SystemInfo =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A face with the glyphs of it that the document shows.
struct Used {
    face: &'static Face,
    glyphs: GlyphRemapper,
    /// For each new glyph number its character and advance in ems.
    characters: BTreeMap<u16, (char, f64)>,
}

/// All faces of a document; face `i` is the resource `F{i}`.
#[derive(Default)]
pub(super) struct Fonts(Vec<Used>);

/// Consecutive glyphs of one face, encoded for a `Tj` operator.
pub(super) struct Run {
    pub face: usize,
    pub bytes: Vec<u8>,
    /// In ems.
    pub width: f64,
}

/// The resource name of a face.
pub(super) fn name(face: usize) -> Vec<u8> {
    format!("F{face}").into_bytes()
}

impl Fonts {
    /// The runs of one line of `text`.
    pub fn encode(&mut self, text: &str, bold: bool) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for glyph in font::glyphs(&font::composed(text), bold) {
            let face = self.index(glyph.face);
            let Some(used) = self.0.get_mut(face) else { continue };
            let id = used.glyphs.remap(glyph.id.0);
            used.characters.entry(id).or_insert((glyph.character, glyph.advance));
            if runs.last().is_none_or(|run| run.face != face) {
                runs.push(Run { face, bytes: Vec::new(), width: 0.0 });
            }
            if let Some(run) = runs.last_mut() {
                run.bytes.extend(id.to_be_bytes());
                run.width += glyph.advance;
            }
        }
        runs
    }

    fn index(&mut self, face: &'static Face) -> usize {
        if let Some(known) = self.0.iter().position(|used| std::ptr::eq(used.face, face)) {
            return known;
        }
        let characters = BTreeMap::new();
        self.0.push(Used { face, glyphs: GlyphRemapper::new(), characters });
        self.0.len() - 1
    }

    /// Writes the fonts; `next` numbers the objects. Returns the resource name and the object of each.
    pub fn write(&self, pdf: &mut Pdf, next: &mut Ref) -> Vec<(Vec<u8>, Ref)> {
        let write = |(i, used): (usize, &Used)| (name(i), used.write(i, pdf, next));
        self.0.iter().enumerate().map(write).collect()
    }
}

impl Used {
    fn write(&self, index: usize, pdf: &mut Pdf, next: &mut Ref) -> Ref {
        let [font, cid, descriptor, cmap, file] = [0; 5].map(|_| next.bump());
        // A face that cannot be reduced is embedded whole: its glyph numbers would not fit, so it is left out
        // and readers substitute one of theirs.
        let subset = subsetter::subset(self.face.data, self.face.index, &self.glyphs).ok();
        let open_type = subset.as_deref().is_some_and(|data| data.starts_with(b"OTTO"));
        let base = format!("CUADRN+Face{index}");
        let base = Name(base.as_bytes());
        pdf.type0_font(font)
            .base_font(base)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(cmap);
        let mut writer = pdf.cid_font(cid);
        writer.subtype(if open_type { CidFontType::Type0 } else { CidFontType::Type2 });
        writer.base_font(base).system_info(SYSTEM_INFO).font_descriptor(descriptor);
        writer.default_width(0.0);
        if !open_type {
            writer.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let mut widths = writer.widths();
        for (&glyph, &(_, advance)) in &self.characters {
            widths.consecutive(glyph, [(advance * 1000.0) as f32]);
        }
        widths.finish();
        writer.finish();
        let mut writer = pdf.font_descriptor(descriptor);
        writer
            .name(base)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(-1000.0, -300.0, 2000.0, 1000.0))
            .italic_angle(0.0)
            .ascent(930.0)
            .descent(-240.0)
            .cap_height(729.0)
            .stem_v(80.0);
        if subset.is_some() {
            if open_type {
                writer.font_file3(file)
            } else {
                writer.font_file2(file)
            };
        }
        writer.finish();
        let mut map = UnicodeCmap::new(Name(b"Custom"), SYSTEM_INFO);
        for (&glyph, &(character, _)) in &self.characters {
            map.pair(glyph, character);
        }
        let map = deflated(&map.finish().into_vec());
        pdf.cmap(cmap, &map).filter(Filter::FlateDecode);
        if let Some(data) = subset {
            let packed = deflated(&data);
            let mut stream = pdf.stream(file, &packed);
            stream.filter(Filter::FlateDecode);
            if open_type {
                stream.pair(Name(b"Subtype"), Name(b"OpenType"));
            } else {
                stream.pair(Name(b"Length1"), data.len() as i32);
            }
        }
        font
    }
}
