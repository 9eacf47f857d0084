//! Variables of a cell are there in the next one, however the cell ended, as in Python's kernel.

mod common;

use common::{import, start};
use jupyter_protocol::{ExecuteRequest, JupyterMessageContent as Content};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_stops_halfway_keeps_what_it_has_made() {
    let mut kernel = start(false).await;
    kernel
        .good("let old = String::from(\"old\"); let lent = vec![1, 2, 3]; let mut count = 0;")
        .await;

    // The first `?` of a session, values that move on, borrows, and names outside of ASCII.
    let code = "let año = vec![1.5, 2.5];\nlet mut suma: f64 = año.iter().sum();\n\
                let given = vec![String::from(\"ñ\")]; let taken = given;\n\
                { let first = &lent[0]; suma += f64::from(*first); } count += 1;\n\
                let n: i32 = \"doce\".parse()?;\nlet never = n + 1;";
    let (name, value, traceback) = kernel.bad(code).await;
    assert_eq!((name.as_str(), value.as_str()), ("Error", "invalid digit found in string"));
    assert!(traceback.contains("In[2], line 5"), "{traceback}");
    let code = "suma += 1.0; println!(\"{año:?} {suma} {taken:?} {lent:?} {old} {count}\");";
    assert_eq!(kernel.good(code).await.text(false), "[1.5, 2.5] 6 [\"ñ\"] [1, 2, 3] old 1\n");
    let (_, value, _) = kernel.bad("println!(\"{never}\");").await;
    assert_eq!(value, "cannot find value `never` in this scope");

    // A panic, in a loop, with a mutable borrow; the value is as the loop has left it.
    let code = "let mut seen = Vec::new();\nlet all = [1, 2, 0, 4];\nfor x in all.iter() {\n    \
                let last = &mut seen;\n    last.push(12 / x);\n}\nlet after = seen.len();";
    let (name, value, traceback) = kernel.bad(code).await;
    assert_eq!((name.as_str(), value.as_str()), ("Panic", "attempt to divide by zero"));
    assert!(traceback.contains("In[5], line 5, column 15"), "{traceback}");
    assert_eq!(
        kernel.good("seen.push(0); println!(\"{seen:?} {all:?}\");").await.text(false),
        "[12, 6, 0] [1, 2, 0, 4]\n"
    );

    // `?` in nested blocks, closures that keep theirs, and macros.
    for stopping in [
        "if made == 7 { match made { _ => { let inner = &made; text.push('!'); Err::<(), _>(format!(\"no {inner}\"))? } } }",
        "let twice = |x: &str| -> Result<i32, std::num::ParseIntError> { Ok(x.parse::<i32>()? * 2) }(\"7\")?; text.push('!'); println!(\"{}\", \"no\".parse::<i32>()?);",
        "let mut text = { text.push('!'); text }; for i in 0.. { if i == 3 { Err(\"no\")?; } }",
        "text.push('!'); let [one, two] = [made, \"x\".parse()?];",
        "text.push('!'); let Some(none) = None::<i32> else { panic!(\"none\") };",
        "text.push('!'); return Err(\"returned\".into());",
    ] {
        kernel
            .bad(&format!("let made = 7;\nlet mut text = String::from(\"so far\");\n{stopping}"))
            .await;
        let cell = kernel.good("text += \", and on\"; println!(\"{made} {text}\");").await;
        assert_eq!(cell.text(false), "7 so far!, and on\n", "{stopping}");
    }

    // A variable that the cell was to make again, or to move, is the one that was there.
    kernel.bad("let old: usize = \"x\".parse()?;").await;
    assert_eq!(kernel.good("println!(\"{old}\");").await.text(false), "old\n");
    kernel.bad("\"x\".parse::<u8>()?; let owner = lent; drop(owner);").await;
    assert_eq!(
        kernel.good("println!(\"{lent:?} {}\", lent.len());").await.text(false),
        "[1, 2, 3] 3\n"
    );
    // And once made, it is the new one.
    kernel.bad("let old = old.len(); let older = old + 1; Err(\"no\")?;").await;
    assert_eq!(kernel.good("println!(\"{}\", old + older);").await.text(false), "7\n");
    // Run again, the cell makes what it made.
    let code = "let again = vec![count];\ncount += 1;\nif count < 3 { Err(\"once more\")?; }\nlet done = again.len();";
    kernel.bad(code).await;
    kernel.good(code).await;
    assert_eq!(
        kernel.good("println!(\"{again:?} {done} {count}\");").await.text(false),
        "[2] 1 3\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rest_of_the_cell_would_have_taken_or_hidden_is_still_there() {
    let mut kernel = start(false).await;
    kernel.good("struct Own { size: u8 }\nlet lent = vec![1, 2];").await;
    // A map of the cell's own type, an iterator, and a variable of an earlier cell, all taken after the failure.
    let code = "let map = std::collections::HashMap::from([(1, Own { size: 5 })]);\n\
                let mut items = vec![3, 4].into_iter();\nlet length = lent.len() + map.len();\n\
                \"x\".parse::<u8>()?;\ndrop(map); drop(lent);\nlet all: Vec<i32> = items.collect();";
    kernel.bad(code).await;
    let code = "println!(\"{} {:?} {lent:?} {length}\", map[&1].size, items.next());";
    assert_eq!(kernel.good(code).await.text(false), "5 Some(3) [1, 2] 3\n");
    // A variable of the same name from a later statement, of the same type or of another, has not been made.
    let code = "let mut text = 12;\nlet text = text.to_string();\nlet list = vec![text.len()];\n\
                Err::<(), _>(\"no\")?;\nlet text = 2.5;\nlet list = [list, vec![7]].concat();";
    kernel.bad(code).await;
    assert_eq!(
        kernel.good("println!(\"{} {list:?}\", text + \"!\");").await.text(false),
        "12! [2]\n"
    );
    kernel.bad("let text = 12; let text: u8 = text.to_string().repeat(9).parse()?;").await;
    assert_eq!(kernel.good("println!(\"{}\", text + 1);").await.text(false), "13\n");
    // A value that lends from what is taken away cannot stay, and takes nothing else with it.
    let code = "let words = String::from(\"a b\"); let words = words.split(' ');\n\
                let words: Vec<String> = words.map(str::to_uppercase).collect();\nErr::<(), _>(\"no\")?;";
    kernel.bad(code).await;
    assert_eq!(kernel.good("println!(\"{words:?}\");").await.text(false), "[\"A\", \"B\"]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_library_made_is_there_though_the_rest_of_the_cell_would_have_taken_it() {
    let mut kernel = start(true).await;
    kernel.good(&import("use cuaderno::prelude::*;")).await;
    let code = "let model = models::small_cnn(32, 2, 0)?;\nlet copies = vec![model.clone()];\n\
                let vector = cuaderno::tensor::tensor(vec![1.0f32, 2.0], (2,))?;\n\
                Err::<(), _>(\"no\")?;\ndrop((model, copies, vector));";
    kernel.bad(code).await;
    let code = "println!(\"{} {}\", copies.len(), cuaderno::tensor::read(&vector).len());\nlet model = model;";
    assert_eq!(kernel.good(code).await.text(false), "1 2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_awaits_keeps_what_it_has_made() {
    let mut kernel = start(false).await;
    kernel.good("async fn twice(n: usize) -> Result<usize, String> {\n    if n > 9 { Err(\"too much\".into()) } else { Ok(2 * n) }\n}").await;
    let code = "let first = twice(4).await?;\nlet text = String::from(\"ñ\");\nlet more = vec![first];\n\
                let last = twice(10).await?;\ndrop(more);";
    let (name, value, _) = kernel.bad(code).await;
    assert_eq!((name.as_str(), value.as_str()), ("Error", "too much"));
    let cell = kernel.good("println!(\"{first} {text} {more:?}\");").await;
    assert_eq!(cell.text(false), "8 ñ [8]\n");
    // From now on all cells run so, and a panic is one there too.
    let code = "let list = vec![1]; let half = twice(1).await?;\nlet wrong = list[half];";
    let (name, _, traceback) = kernel.bad(code).await;
    assert_eq!(name, "Panic");
    assert!(traceback.contains("In[4], line 2, column 1"), "{traceback}");
    let cell = kernel.good("println!(\"{list:?} {half} {text}\");").await;
    assert_eq!(cell.text(false), "[1] 2 ñ\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_run_again_with_its_type_changed_makes_its_variable_anew() {
    let mut kernel = start(false).await;
    let cell = |fields: &str, value: &str, then: &str| {
        format!(
            "#[derive(Debug)]\nstruct Point {{ {fields} }}\n{then}\nlet p = Point {{ {value} }};"
        )
    };
    kernel.good(&cell("x: u8", "x: 1", "")).await;
    let said = kernel.good(&cell("x: u8, y: u8", "x: 1, y: 2", "")).await.text(true);
    assert_eq!(said, "");
    assert_eq!(kernel.good("println!(\"{p:?}\");").await.text(false), "Point { x: 1, y: 2 }\n");
    // The earlier variable stays if the new one is not reached, unless its type is gone.
    kernel.bad(&cell("x: u8, y: u8", "x: 3, y: 4", "Err(\"no\")?;")).await;
    assert_eq!(kernel.good("println!(\"{p:?}\");").await.text(false), "Point { x: 1, y: 2 }\n");
    kernel.bad(&cell("z: u8", "z: 5", "let q = 6; Err(\"no\")?;")).await;
    let (_, value, _) = kernel.bad("println!(\"{p:?}\");").await;
    assert_eq!(value, "cannot find value `p` in this scope");
    kernel.good(&cell("z: u8", "z: 5", "")).await;
    assert_eq!(kernel.good("println!(\"{p:?} {q}\");").await.text(false), "Point { z: 5 } 6\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_of_keeping_changes_nothing_else() {
    let mut kernel = start(false).await;
    // Statements that cannot be closures: made later, left early, lent to each other.
    let code = "let later;\nlet mut list = vec![3, 1, 2];\nif list.len() > 2 { later = list.len(); } else { later = 0; }\n\
                let part = list.iter_mut().skip(1); for x in part { *x += later; }\nlist.sort();\n\
                let closure: Box<dyn Fn(&str) -> usize> = Box::new(|text| text.len() + 1);\n\
                println!(\"{later} {list:?} {}\", closure(\"ab\"));";
    assert_eq!(kernel.good(code).await.text(false), "3 [3, 4, 5] 3\n");
    kernel.good("println!(\"{later} {list:?} {}\", closure(\"abc\"));").await;
    kernel.good("let left = 1; macro_rules! leave { () => { return Ok(()) } }\nErr::<(), &str>(\"x\").or(Ok::<(), String>(()))?;").await;
    // A `return` of the cell's own ends the cell, and nothing says that it failed.
    let cell = kernel.good("let before = left + 1;\nprintln!(\"one\");\nif before == 2 { leave!(); }\nprintln!(\"two\");").await;
    assert_eq!(cell.text(false), "one\n");
    // A wrong cell is told in its own words and places.
    let (_, value, traceback) =
        kernel.bad("let a = vec![1];\nlet b = a.len();\nlet c: String = b;").await;
    assert_eq!(value, "mismatched types");
    assert!(traceback.contains("let c: String = b;"), "{traceback}");
    let (_, value, _) =
        kernel.bad("let mine = vec![1]; drop(mine); println!(\"{}\", mine.len());").await;
    assert!(value.contains("borrow of moved value"), "{value}");
    // A cell that only shows keeps no one else's.
    let mut silent = ExecuteRequest::new("let hush = 5; Err(\"no\")?;".into());
    silent.silent = true;
    kernel.shell.send(silent.into()).await.unwrap();
    kernel.finish().await;
    assert_eq!(kernel.good("println!(\"{hush}\");").await.text(false), "5\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_training_keeps_the_model_that_its_own_cell_made() {
    let mut kernel = start(true).await;
    kernel.good(&import("use cuaderno::prelude::*;")).await;
    let code = "let labels: Vec<usize> = (0..640).map(|i| i % 2).collect();\n\
                let pixels = (0..640 * 3 * 32 * 32).map(|i| (i % 251) as u8).collect();\n\
                let images = ImageSet::from_pixels(pixels, 32, 32)?;\n\
                let all = Dataset::new(&labels, &[\"a\", \"b\"])?.with_images(&images)?;\n\
                let rows: Vec<usize> = (0..640).collect();\n\
                let model = models::small_cnn(32, 2, 0)?;\n\
                let mut learner = Learner::new(model, &all.subset(&rows[..500])?, &all.subset(&rows[500..])?, &TrainConfig::default())?;\n\
                learner.fit(1)?;\nprintln!(\"first epoch\");\nlet history = learner.fit(1000)?;";
    kernel.send(code).await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (value, took) = kernel.interrupted().await;
    assert!(value.contains("variables made so far are kept"), "{value}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    let code = "println!(\"{} {}\", labels.len(), learner.history().epochs.len() >= 1);\n\
                println!(\"{}\", learner.evaluate(&all)?.predictions.len());\nlearner.fit(1)?;";
    assert_eq!(
        kernel.good(code).await.text(false).lines().take(2).collect::<Vec<_>>(),
        ["640 true", "640"]
    );
}
