//! Reading and augmenting, as JSON lines: `cargo bench --bench data [NAME ...]`.
//!
//! The images are those of the art data set in `../shared/data` (or where `CUADERNO_REAL_DATA`
//! points), else the sample's, read several times over.

use cuaderno::images::{Augmentation, LoadOptions, Transform, load_rgb, load_rgb_cached};
use cuaderno::practices::poi;
use cuaderno::table::Table;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> cuaderno::Result<()> {
    let asked: Vec<String> =
        std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    // The program itself as a process that only reads: see `csv_peak_memory`.
    if let [read, file] = &asked[..]
        && read == "read"
    {
        println!("{} {}", Table::read_csv(file)?.rows(), peak_megabytes());
        return Ok(());
    }
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    if wanted("csv_rows_per_second") {
        report("csv_rows_per_second", csv_rows_per_second()?, "rows/s");
    }
    if wanted("csv_peak_memory") {
        report("csv_peak_memory", csv_peak_memory()?, "MB");
    }
    if asked.iter().all(|name| name.starts_with("csv")) && !asked.is_empty() {
        return Ok(());
    }
    let files = images()?;
    if wanted("decoded_images_per_second") {
        let (seconds, _) = best(3, || load_rgb(&files, 128, 128))?;
        report("decoded_images_per_second", files.len() as f64 / seconds, "images/s");
    }
    if wanted("cached_images_per_second") {
        let folder = std::env::temp_dir().join(format!("cuaderno-cache-{}", std::process::id()));
        let options = LoadOptions::default();
        // The first of the runs, which is not timed, fills the cache.
        let (seconds, _) = best(3, || load_rgb_cached(&files, 128, 128, &options, &folder))?;
        let _ = std::fs::remove_dir_all(&folder);
        report("cached_images_per_second", files.len() as f64 / seconds, "images/s");
    }
    if wanted("augmented_images_per_second") {
        let (seconds, _) = best(3, || augmented(&files))?;
        report("augmented_images_per_second", files.len() as f64 / seconds, "images/s");
    }
    if wanted("augmented_batch_128px") {
        let set = load_rgb(&files[..32], 128, 128)?;
        let indices: Vec<usize> = (0..32).collect();
        let mut out = vec![0.0; 32 * set.numel()];
        let lively = Transform::imagenet().augmented(augmentation());
        for (name, transform) in
            [("augmented_batch_128px", lively), ("plain_batch_128px", Transform::imagenet())]
        {
            let (seconds, ()) = best(30, || set.fill_batch(&indices, &transform, 1, 2, &mut out))?;
            report(name, seconds * 1e3, "ms");
        }
    }
    Ok(())
}

fn report(name: &str, value: f64, unit: &str) {
    println!("{{\"name\": \"{name}\", \"value\": {value:.3}, \"unit\": \"{unit}\"}}");
}

/// The median time of `runs` runs, and what the last of them gave.
fn best<T>(
    runs: usize,
    mut work: impl FnMut() -> cuaderno::Result<T>,
) -> cuaderno::Result<(f64, T)> {
    let mut times = Vec::new();
    let mut last = work()?;
    for _ in 0..runs {
        let start = Instant::now();
        last = work()?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], last))
}

fn csv_rows_per_second() -> cuaderno::Result<f64> {
    let path = titles()?;
    let (seconds, table) = best(3, || Table::read_csv(&path))?;
    let _ = std::fs::remove_file(&path);
    Ok(table.rows() as f64 / seconds)
}

/// Peak resident memory of a process that reads the same file once.
fn csv_peak_memory() -> cuaderno::Result<f64> {
    let path = titles()?;
    let failed = |error: std::io::Error| cuaderno::Error::io(&path, &error);
    let program = std::env::current_exe().map_err(failed)?;
    let output =
        std::process::Command::new(program).arg("read").arg(&path).output().map_err(failed)?;
    let _ = std::fs::remove_file(&path);
    let answer = String::from_utf8_lossy(&output.stdout);
    Ok(answer.split_whitespace().last().and_then(|peak| peak.parse().ok()).unwrap_or(f64::NAN))
}

/// The largest resident memory of this process so far, as Linux counts it; NaN elsewhere.
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes * 1024.0 / 1e6)
}

/// A file of one million rows of title,label_quality,language,category: seven random words a title.
fn titles() -> cuaderno::Result<PathBuf> {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut below = |count: u32| random.next_u32() % count;
    let mut text = String::from("title,label_quality,language,category\n");
    for _ in 0..1_000_000 {
        text.push('"');
        for word in 0..7 {
            let _ = write!(text, "{}palabra{}", if word > 0 { " " } else { "" }, below(5000));
        }
        let _ = writeln!(text, ", original\",reliable,spanish,CATEGORY_{}", below(632));
    }
    let path = std::env::temp_dir().join(format!("cuaderno-titles-{}.csv", std::process::id()));
    std::fs::write(&path, text).map_err(|error| cuaderno::Error::io(&path, &error))?;
    Ok(path)
}

fn images() -> cuaderno::Result<Vec<PathBuf>> {
    let data = std::env::var_os("CUADERNO_REAL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if let Ok(entries) = std::fs::read_dir(data.join("art/images")) {
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        files.truncate(3000);
        return Ok(files);
    }
    eprintln!(
        "the art data set is not in {}: using the sample of points of interest",
        data.display()
    );
    let files = poi::image_paths(&poi::read(&poi::locate()?)?)?;
    Ok(files.iter().cycle().take(3000).cloned().collect())
}

fn augmentation() -> Augmentation {
    Augmentation {
        rotation_range: 20.0,
        width_shift_range: 0.1,
        height_shift_range: 0.1,
        zoom_range: 0.1,
        shear_range: 5.0,
        horizontal_flip: 0.5,
        ..Default::default()
    }
}

/// Decode, resize to 100 pixels, random affine change and flip, to numbers, in batches of 32.
fn augmented(files: &[PathBuf]) -> cuaderno::Result<f32> {
    let transform = Transform::default().augmented(augmentation());
    let mut sum = 0.0;
    let mut out = vec![0.0; 32 * 3 * 100 * 100];
    for batch in files.chunks(32) {
        let set = load_rgb(batch, 100, 100)?;
        let indices: Vec<usize> = (0..set.len()).collect();
        let out = &mut out[..set.len() * set.numel()];
        set.fill_batch(&indices, &transform, 1, 0, out)?;
        sum += out[0];
    }
    Ok(sum)
}
