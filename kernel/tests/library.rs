//! The library in cells: it is ready at once, shows live, and stops without losing variables.

mod common;

use common::{folder, import, start, start_with};
use jupyter_protocol::JupyterMessageContent as Content;
use jupyter_protocol::media::{Media, MediaType};
use std::io::{Read, Write};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn interruption_keeps_variables_and_live_values_update_in_place() {
    let mut kernel = start(true).await;
    kernel.good(&import("use cuaderno::notebook;")).await;
    kernel.good("let history = vec![1, 2, 3]; let mut counter = 0;").await;

    let code = "println!(\"on\");\nfor _ in 0..6000 {\n    counter += 1;\n    \
                std::thread::sleep(std::time::Duration::from_millis(10));\n    notebook::check()?;\n}";
    kernel.send(code).await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    let (value, took) = kernel.interrupted().await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(value.starts_with("stopped at your request"), "{value}");
    let cell = kernel.good("println!(\"{history:?} {}\", counter > 0);").await;
    assert_eq!(cell.text(false), "[1, 2, 3] true\n");
    // The flag is lowered again.
    kernel.good("notebook::check()?;").await;

    let code = "let mut live = notebook::Progress::new(\"work\", 50);\nfor _ in 0..50 {\n    \
                std::thread::sleep(std::time::Duration::from_millis(20));\n    live.step(1);\n}\nlive.finish();";
    let cell = kernel.good(code).await;
    let shows = cell.messages.iter().filter(|m| matches!(m, Content::DisplayData(_))).count();
    let updates: Vec<_> =
        cell.messages.iter().filter(|m| matches!(m, Content::UpdateDisplayData(_))).collect();
    assert_eq!(shows, 1, "{:?}", cell.messages);
    assert!((2..=12).contains(&updates.len()), "{} updates", updates.len());
    assert!(format!("{:?}", updates.last()).contains("50/50"), "{updates:?}");
    let middle = format!("{:?}", updates[updates.len() / 2]);
    assert!(middle.contains("/s · ") && middle.contains(" s left"), "{middle}");

    // A later cell changes in place what an earlier one has shown.
    let cell =
        kernel.good("let mut work = notebook::Progress::new(\"work\", 2); work.step(1);").await;
    let shown = cell.messages.iter().find_map(|message| match message {
        Content::DisplayData(shown) => shown.transient.as_ref()?.display_id.clone(),
        _ => None,
    });
    let cell = kernel.good("work.step(1); work.finish();").await;
    let changed = cell.messages.iter().find_map(|message| match message {
        Content::UpdateDisplayData(changed) => changed.transient.display_id.clone(),
        _ => None,
    });
    assert!(shown.is_some() && shown == changed, "{shown:?}, {changed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_show_in_every_form_between_the_text_around_them() {
    let mut kernel = start(true).await;
    kernel.good(&import("use cuaderno::prelude::*;\nuse cuaderno::notebook;")).await;
    let code = "println!(\"uno\");\ndisplay(&plot::bars(&[\"ñ\"], &[1.0])?.title(\"A\"));\nprintln!(\"dos\");\n\
                notebook::clear_output(true);\ndisplay(&plot::bars(&[\"b\"], &[2.0])?.title(\"B\"));\n\
                plot::bars(&[\"c\"], &[3.0])?.title(\"C\")";
    let cell = kernel.good(code).await;
    let forms = |media: &Media| {
        let form = |part: &MediaType| match part {
            MediaType::Plain(text) => format!("text {}", text.lines().next().unwrap_or_default()),
            MediaType::Html(_) => "HTML".to_string(),
            MediaType::Png(_) => "PNG".to_string(),
            MediaType::Svg(_) => "SVG".to_string(),
            other => format!("{other:?}"),
        };
        let mut forms: Vec<String> = media.content.iter().map(form).collect();
        forms.sort();
        forms.join(", ")
    };
    let shown: Vec<String> = cell
        .messages
        .iter()
        .map(|message| match message {
            Content::StreamContent(stream) => stream.text.trim().to_string(),
            Content::DisplayData(display) => forms(&display.data),
            Content::ExecuteResult(result) => format!("result: {}", forms(&result.data)),
            Content::ClearOutput(clear) => format!("clear, wait {}", clear.wait),
            other => other.message_type().to_string(),
        })
        .collect();
    for (shown, expected) in shown.iter().zip([
        "uno",
        "HTML, PNG, SVG, text ",
        "dos",
        "clear, wait true",
        "HTML, PNG, SVG, text ",
        "result: HTML, PNG, SVG, text ",
    ]) {
        assert!(shown.starts_with(expected), "{shown:?}, not {expected:?}");
    }
    assert_eq!(shown.len(), 6, "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_handle_shows_five_times_a_second_at_most_and_its_last_value() {
    let mut kernel = start(true).await;
    kernel.good(&import("use cuaderno::notebook::{Bundle, Live};")).await;
    let code = "let mut live = Live::new();\nlet begin = std::time::Instant::now(); let mut n = 0;\n\
                while begin.elapsed().as_secs_f64() < 1.5 {\n    n += 1;\n    \
                live.update(Bundle { plain: format!(\"value {n}\"), ..Bundle::default() });\n}\n\
                live.finish();\nprintln!(\"{n}\");";
    let cell = kernel.good(code).await;
    let n: usize = cell.text(false).trim().parse().unwrap();
    let updates: Vec<String> = cell
        .messages
        .iter()
        .filter(|message| matches!(message, Content::UpdateDisplayData(_)))
        .map(|update| format!("{update:?}"))
        .collect();
    // One at the beginning, one each 0.2 s, one at the end.
    assert!(n > 1000 && (3..=9).contains(&updates.len()), "{n} values, {} updates", updates.len());
    assert!(updates.last().unwrap().contains(&format!("value {n}\"")), "{updates:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_download_ends_within_a_second_and_keeps_variables() {
    // A hub that gives the beginning of a large file, and then nothing.
    let hub = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", hub.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in hub.incoming().flatten() {
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let _ = client.read(&mut request);
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\nETag: \"0123456789abcdef\"\r\n\
                            X-Repo-Commit: 0123456789abcdef0123456789abcdef01234567\r\nConnection: close\r\n\r\n";
                let _ = client.write_all(head.as_bytes());
                let _ = client.write_all(&[0; 9_000_000]);
                std::thread::sleep(Duration::from_secs(120));
            });
        }
    });
    let home = folder("hub");
    let mut kernel = start_with(true, |command| {
        command.env("HF_ENDPOINT", address).env("HF_HOME", home);
    })
    .await;
    kernel.good(&import("use cuaderno::prelude::*;")).await;
    let code = "let kept = vec![1, 2, 3];\nprintln!(\"on\");\nlet weights = Pretrained::hub(\"owner/name\").weights()?;";
    kernel.send(code).await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (_, took) = kernel.interrupted().await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(kernel.good("println!(\"{kept:?}\");").await.text(false), "[1, 2, 3]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_are_built_in_the_fast_profile() {
    let mut kernel = start(false).await;
    let code =
        "let mut n: u8 = \"255\".parse()?; n += 1; println!(\"{n} {}\", cfg!(debug_assertions));";
    assert_eq!(kernel.good(code).await.text(false), "0 false\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_hold_what_the_library_and_the_crates_below_it_make() {
    let mut kernel = start(true).await;
    kernel.good(&import("use cuaderno::prelude::*;\nuse cuaderno::tensor::{self, Plain};")).await;
    for code in [
        "let t: Plain<(usize, usize)> = tensor::tensor(vec![0.5; 6], (2, 3))?;",
        "let vector = tensor::tensor(vec![1.0f32, 2.0], (2,))?; let taped = tensor::constant(&vector);",
        "let t = t; let mut pair = (vector.clone(), taped); pair.0 = vector;",
        "let image = images::RgbImage::new(4, 4); let pixel = *image.get_pixel(0, 0);",
        "let raw = image.clone().into_raw(); let images = vec![image];",
        "let model = Hybrid::new(&HybridConfig { features: 2, ..HybridConfig::default() }, 0)?;",
        "let table = Table::from_columns(vec![(\"x\", Column::from(vec![1.0f64, 2.0]))])?;",
        "let sum: f64 = table.numbers(\"x\")?.iter().sum(); let figure = plot::bars(&[\"a\"], &[sum])?;",
        "let root = std::sync::Arc::new(sum.sqrt()); let names = std::collections::HashMap::from([(1, 'a')]);",
    ] {
        kernel.good(code).await;
    }
    let cell = kernel.good("println!(\"{sum} {} {} {pixel:?}\", raw.len(), images.len());").await;
    assert_eq!(cell.text(false), "3 48 1 Rgb([0, 0, 0])\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decoding_of_many_images_stops_within_a_second() {
    let mut kernel = start(true).await;
    kernel.good(&import("use cuaderno::images;")).await;
    let code = format!(
        "let kept = vec![1, 2, 3];\nlet place = std::fs::read_dir({:?})?.next().unwrap()?.path();\n\
         let image = std::fs::read_dir(place)?.next().unwrap()?.path();\n\
         let files = vec![image; 60_000];",
        common::root().join("data/poi/data_main")
    );
    kernel.good(&code).await;
    kernel.send("println!(\"on\");\nlet images = images::load_rgb(&files, 32, 32)?;").await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    // Let the decoding itself begin.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (_, took) = kernel.interrupted().await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    let cell = kernel.good("println!(\"{kept:?} {}\", files.len());").await;
    assert_eq!(cell.text(false), "[1, 2, 3] 60000\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sweep_keeps_the_model_and_the_histories_so_far() {
    let mut kernel = start(true).await;
    kernel.good(&import("use cuaderno::prelude::*;")).await;
    let code = "let labels: Vec<usize> = (0..640).map(|i| i % 2).collect();\n\
                let pixels = (0..640 * 3 * 32 * 32).map(|i| (i % 251) as u8).collect();\n\
                let images = ImageSet::from_pixels(pixels, 32, 32)?;\n\
                let all = Dataset::new(&labels, &[\"a\", \"b\"])?.with_images(&images)?;\n\
                let mut histories: Vec<History> = Vec::new();\nlet mut learner: Option<Learner> = None;";
    kernel.good(code).await;
    // Far more folds and learning rates than there is time for; the second `fit` of each goes on for long.
    let code = "for fold in 0..1000 {\n    let rate = [1e-2, 1e-3][fold % 2];\n    \
                let (validation, train): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(|row| row % 5 == fold % 5);\n    \
                let config = TrainConfig { learning_rate: rate, ..TrainConfig::default() };\n    \
                let model = models::small_cnn(32, 2, 0)?;\n    \
                let one = learner.insert(Learner::new(model, &all.subset(&train)?, &all.subset(&validation)?, &config)?);\n    \
                histories.push(one.fit(1)?);\n    \
                println!(\"first epoch\");\n    one.fit(1000)?;\n}";
    kernel.send(code).await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (_, took) = kernel.interrupted().await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    let code = "{\nlet one = learner.as_ref().ok_or(\"no model\")?;\n\
                println!(\"{} {} {}\", labels.len(), histories.len(), one.history().epochs.len() >= 1);\n\
                println!(\"{}\", one.evaluate(&all)?.predictions.len());\n}";
    assert_eq!(kernel.good(code).await.text(false), "640 1 true\n640\n");
}
