//! A PDF document: its pages, outline, links, images and fonts.

use super::super::output;
use super::super::resample;
use super::super::scene::Rect;
use super::deflate::deflated;
use super::fonts::Fonts;
use super::page::{Ink, Page, TextStyle};
use crate::Result;
use image::RgbImage;
use pdf_writer::types::{ActionType, AnnotationType};
use pdf_writer::{Filter, Finish, Name, Pdf, Ref, TextStr};
use std::collections::HashMap;

/// Pixels that an image inside a PDF has to the point it covers, at most: 216 dpi.
const PIXELS_PER_POINT: f64 = 3.0;

/// A place that links and the outline lead to.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// The name by which links find it.
    pub name: String,
    /// Its line in the outline, and how deep that stands; none if it is not listed.
    pub outline: Option<(String, u8)>,
    /// Points from the top of the page.
    pub y: f64,
}

struct EmbeddedImage {
    width: u32,
    height: u32,
    jpeg: bool,
    bytes: Vec<u8>,
}

/// A PDF document while it is drawn: lengths are points from the upper left corner of the last page.
#[derive(Default)]
pub(crate) struct PdfDocument {
    title: String,
    author: String,
    language: &'static str,
    pages: Vec<Page>,
    fonts: Fonts,
    images: Vec<EmbeddedImage>,
    destinations: Vec<(usize, Destination)>,
}

impl PdfDocument {
    pub fn new(title: &str, author: &str, language: &'static str) -> Self {
        Self { title: title.into(), author: author.into(), language, ..Self::default() }
    }

    /// Begins a page of `width` × `height` points.
    pub fn add_page(&mut self, width: f64, height: f64) {
        self.pages.push(Page::new(width, height));
    }

    pub fn page_count(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn page_mut(&mut self) -> Option<&mut Page> {
        self.pages.last_mut()
    }

    /// One line of text with its baseline at (`x`, `y`).
    pub fn text(&mut self, text: &str, x: f64, y: f64, style: TextStyle) {
        if let Some(page) = self.pages.last_mut() {
            page.text(&mut self.fonts, text, x, y, style);
        }
    }

    /// One line of text on page `page`, counted from 0.
    pub fn text_on(&mut self, page: usize, text: &str, x: f64, y: f64, style: TextStyle) {
        if let Some(page) = self.pages.get_mut(page) {
            page.text(&mut self.fonts, text, x, y, style);
        }
    }

    /// A level line.
    pub fn rule(&mut self, x: f64, y: f64, length: f64, width: f64) {
        if let Some(page) = self.pages.last_mut() {
            page.stroke(Ink::BLACK, width);
            page.content.move_to(x as f32, y as f32).line_to((x + length) as f32, y as f32);
            page.content.stroke();
        }
    }

    /// Makes a rectangle lead to the destination of this name.
    pub fn link(&mut self, rect: [f64; 4], name: &str) {
        if let Some(page) = self.pages.last_mut() {
            page.links.push((rect, name.to_string()));
        }
    }

    /// Marks a place on the last page.
    pub fn destination(&mut self, destination: Destination) {
        self.destinations.push((self.pages.len().saturating_sub(1), destination));
    }

    pub(super) fn image(&mut self, image: &RgbImage, rect: Rect) -> Result<()> {
        let limit = |shown: f64, own: u32| {
            ((shown * PIXELS_PER_POINT).ceil().max(1.0) as u32).min(own.max(1))
        };
        let (width, height) = (limit(rect.w, image.width()), limit(rect.h, image.height()));
        let pixels = resample::resample(image, width, height);
        let flat = deflated(&pixels);
        let photograph = output::jpeg(&pixels, width, height)?;
        let jpeg = 2 * photograph.len() < flat.len();
        let bytes = if jpeg { photograph } else { flat };
        let name = format!("I{}", self.images.len());
        self.images.push(EmbeddedImage { width, height, jpeg, bytes });
        if let Some(page) = self.pages.last_mut() {
            // An image fills the unit square, its first row at the top.
            let [x, y, w, h] = [rect.x, rect.y, rect.w, rect.h].map(|v| v as f32);
            page.content
                .save_state()
                .transform([w, 0.0, 0.0, -h, x, y + h])
                .x_object(Name(name.as_bytes()))
                .restore_state();
        }
        Ok(())
    }

    /// The bytes of the file.
    pub fn finish(self) -> Vec<u8> {
        let mut next = Ref::new(1);
        let [catalog, tree, info, outline, resources] = [0; 5].map(|_| next.bump());
        let pages: Vec<[Ref; 2]> = self.pages.iter().map(|_| [next.bump(), next.bump()]).collect();
        let images: Vec<Ref> = self.images.iter().map(|_| next.bump()).collect();
        let mut pdf = Pdf::new();
        let fonts = self.fonts.write(&mut pdf, &mut next);
        let places: HashMap<&str, (usize, f64)> =
            self.destinations.iter().map(|(page, d)| (d.name.as_str(), (*page, d.y))).collect();
        for (image, &id) in self.images.iter().zip(&images) {
            let mut writer = pdf.image_xobject(id, &image.bytes);
            let filter = if image.jpeg { Filter::DctDecode } else { Filter::FlateDecode };
            writer.filter(filter);
            writer.width(image.width as i32).height(image.height as i32);
            writer.color_space().device_rgb();
            writer.bits_per_component(8);
        }
        // One dictionary of resources serves all pages.
        let mut writer = pdf.indirect(resources).start::<pdf_writer::writers::Resources<'_>>();
        let mut dictionary = writer.fonts();
        for (name, id) in &fonts {
            dictionary.pair(Name(name), *id);
        }
        dictionary.finish();
        let mut dictionary = writer.x_objects();
        for (i, id) in images.iter().enumerate() {
            dictionary.pair(Name(format!("I{i}").as_bytes()), *id);
        }
        dictionary.finish();
        let mut states = writer.ext_g_states();
        for percent in 0..=100_u8 {
            let alpha = f32::from(percent) / 100.0;
            let mut state = states
                .insert(Name(format!("A{percent}").as_bytes()))
                .start::<pdf_writer::writers::ExtGraphicsState<'_>>();
            state.stroking_alpha(alpha).non_stroking_alpha(alpha);
        }
        states.finish();
        writer.finish();
        let heights: Vec<f64> = self.pages.iter().map(|page| page.height).collect();
        for (page, &[id, content]) in self.pages.into_iter().zip(&pages) {
            let mut links = Vec::new();
            for ([x, y, w, h], name) in &page.links {
                let Some(&(target, top)) = places.get(name.as_str()) else { continue };
                let link = next.bump();
                let bottom = page.height - y - h;
                let rect = [*x, bottom, x + w, bottom + h].map(|v| v as f32);
                let mut writer = pdf.annotation(link);
                writer
                    .subtype(AnnotationType::Link)
                    .rect(pdf_writer::Rect::new(rect[0], rect[1], rect[2], rect[3]))
                    .border(0.0, 0.0, 0.0, None);
                let mut action = writer.action();
                action.action_type(ActionType::GoTo);
                action.destination().page(pages[target][0]).xyz(
                    0.0,
                    (heights[target] - top) as f32,
                    None,
                );
                action.finish();
                links.push(link);
            }
            let mut writer = pdf.page(id);
            writer
                .parent(tree)
                .media_box(pdf_writer::Rect::new(0.0, 0.0, page.width as f32, page.height as f32))
                .contents(content)
                .pair(Name(b"Resources"), resources);
            if !links.is_empty() {
                writer.annotations(links);
            }
            writer.finish();
            let bytes = deflated(&page.content.finish().into_vec());
            pdf.stream(content, &bytes).filter(Filter::FlateDecode);
        }
        pdf.pages(tree).kids(pages.iter().map(|page| page[0])).count(pages.len() as i32);
        let listed: Vec<(usize, &Destination)> = self
            .destinations
            .iter()
            .filter(|(_, place)| place.outline.as_ref().is_some_and(|(_, level)| *level == 1))
            .map(|(page, place)| (*page, place))
            .collect();
        let items: Vec<Ref> = listed.iter().map(|_| next.bump()).collect();
        for (i, &(page, place)) in listed.iter().enumerate() {
            let mut item = pdf.outline_item(items[i]);
            let title = place.outline.as_ref().map_or("", |(title, _)| title);
            item.title(TextStr(title)).parent(outline);
            if i > 0 {
                item.prev(items[i - 1]);
            }
            if i + 1 < items.len() {
                item.next(items[i + 1]);
            }
            item.dest().page(pages[page][0]).xyz(0.0, (heights[page] - place.y) as f32, None);
        }
        if let (Some(&first), Some(&last)) = (items.first(), items.last()) {
            pdf.outline(outline).first(first).last(last).count(items.len() as i32);
        }
        let mut writer = pdf.document_info(info);
        writer.title(TextStr(&self.title)).creator(TextStr("cuaderno"));
        if !self.author.is_empty() {
            writer.author(TextStr(&self.author));
        }
        writer.finish();
        let mut writer = pdf.catalog(catalog);
        writer.pages(tree).lang(TextStr(self.language));
        if !items.is_empty() {
            writer.outlines(outline);
        }
        writer.viewer_preferences().display_doc_title(true);
        writer.finish();
        pdf.finish()
    }
}
