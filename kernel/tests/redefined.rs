//! Families of redefinitions over the real kernel: a variable whose type was redefined, however deep inside, is dropped with a
//! note; no cell prints what lies in its memory, and none dies.

mod common;

use common::start;
use jupyter_protocol::ReplyStatus;

/// A definition, the code that makes a variable `x` of it, the redefinition, and the code that uses `x` then.
type Family = [&'static str; 4];

const FAMILIES: [Family; 27] = [
    ["struct A { v: i64 }", "let x = A { v: 7 };", "struct A { v: f64 }", "x.v"],
    [
        "struct A { a: u8, b: String }",
        "let x = A { a: 1, b: \"s\".into() };",
        "struct A { b: String, a: u64 }",
        "x.b",
    ],
    [
        "#[repr(C)] struct A { a: u8, b: u32 }",
        "let x = A { a: 1, b: 2 };",
        "#[repr(C, packed)] struct A { a: u8, b: u32 }",
        "{x.b}",
    ],
    [
        "struct A<T> { v: T, w: u8 }",
        "let x = A { v: 5i32, w: 1 };",
        "struct A<T> { w: u8, v: Vec<T> }",
        "x.v.len()",
    ],
    ["struct A { v: i32 }", "let x = A { v: 5 };", "struct A<T> { v: T }", "x.v"],
    [
        "struct B { r: f64 } struct A { b: B, n: String }",
        "let x = A { b: B { r: 0.1 }, n: \"n\".into() };",
        "struct B { e: u64, v: Vec<u8> }",
        "x.n",
    ],
    [
        "struct C(i32); struct B { c: Option<C> } struct A { b: Vec<B>, n: String }",
        "let x = A { b: vec![], n: \"n\".into() };",
        "struct C(String, Vec<u8>);",
        "x.n",
    ],
    [
        "enum A { P(u8), Q(String) }",
        "let x = vec![A::Q(\"s\".into())];",
        "enum A { Q(f64), P(u8), R }",
        "x.len()",
    ],
    ["type T = i32; struct A { v: T }", "let x = A { v: 5 };", "type T = String;", "x.v"],
    ["type A = i32;", "let x: A = 5;", "type A = String;", "x"],
    [
        "const N: usize = 2; struct A { v: [u64; N] }",
        "let x = A { v: [1, 2] };",
        "const N: usize = 4;",
        "x.v.len()",
    ],
    [
        "const fn n() -> usize { 2 } struct A { v: [u64; n()] }",
        "let x = A { v: [1, 2] };",
        "const fn n() -> usize { 5 }",
        "x.v.len()",
    ],
    ["const N: usize = 2;", "let x: [u64; N] = [1, 2];", "const N: usize = 5;", "x.len()"],
    [
        "trait H { type O; } struct K; struct A { v: <K as H>::O } impl H for K { type O = u32; }",
        "let x = A { v: 5 };",
        "struct K(u8); struct A { v: <K as H>::O }\nimpl H for K { type O = String; }",
        "x.v",
    ],
    [
        "trait S { fn a(&self) -> f64; } struct A { r: f64 } impl S for A { fn a(&self) -> f64 { self.r } }",
        "let x: Box<dyn S> = Box::new(A { r: 2.0 });",
        "trait S { fn n(&self) -> String; fn a(&self) -> f64; } struct A { r: f64 } impl S for A { fn n(&self) -> String { String::new() } fn a(&self) -> f64 { self.r } }",
        "x.n()",
    ],
    [
        "trait S { fn a(&self) -> f64; } struct A { r: f64 } impl S for A { fn a(&self) -> f64 { self.r } }",
        "let x: Box<dyn S> = Box::new(A { r: 2.0 });",
        "struct A { n: String } impl S for A { fn a(&self) -> f64 { 1.0 } }",
        "x.a()",
    ],
    [
        "struct A { r: f64 }",
        "let x: Box<dyn std::any::Any> = Box::new(A { r: 2.0 });",
        "struct A { n: String, r: f64 }",
        "x.downcast_ref::<A>().map(|a| a.n.clone()).unwrap()",
    ],
    [
        "#[derive(Debug)] struct A { r: f64 }",
        "let x: Box<dyn Fn() -> String> = { let a = A { r: 2.0 }; Box::new(move || format!(\"{a:?}\")) };",
        "#[derive(Debug)] struct A { r: String }",
        "x()",
    ],
    [
        "struct A { r: f64 }",
        "let x: Option<fn() -> A> = None;",
        "struct A { r: String, q: Vec<u8> }",
        "x.unwrap()().r",
    ],
    [
        "struct A { r: f64 }",
        "let x = std::rc::Rc::new(std::cell::RefCell::new(vec![A { r: 2.0 }]));",
        "struct A { q: String, r: f64 }",
        "x.borrow()[0].q.clone()",
    ],
    [
        "#[derive(Hash, PartialEq, Eq)] struct A { r: u64 } use std::collections::HashMap;",
        "let x: HashMap<A, u8> = HashMap::from([(A { r: 1 }, 2)]);",
        "#[derive(Hash, PartialEq, Eq)] struct A { r: String }",
        "x.contains_key(&A { r: \"a\".into() })",
    ],
    [
        "mod m { macro_rules! mk { ($n:ident) => { pub struct $n { pub v: i64 } } } mk!(A); } use m::A;",
        "let x = A { v: 1 };",
        "mod m { macro_rules! mk { ($n:ident) => { pub struct $n { pub v: f64 } } } mk!(A); }",
        "x.v",
    ],
    [
        "mod m { pub struct A { pub v: i64 } } use m::A;",
        "let x = A { v: 7 };",
        "mod m { pub struct A { pub v: f64 } }",
        "x.v",
    ],
    ["struct A { v: i64 }", "let x = A { v: 7 };", "struct A { v: f64 }\nlet other = 1;", "x.v"],
    ["struct A(i64);", "let x = (A(7), vec![Some(A(8))]);", "struct A(f64);", "x.0.0"],
    [
        "union A { v: i64, w: u8 }",
        "let x = A { v: 7 };",
        "union A { v: f64, w: u8 }",
        "unsafe { x.v }",
    ],
    [
        "struct B(u8); struct A<T> { v: Vec<T> }",
        "let x: A<B> = A { v: vec![B(1)] };",
        "struct B(String);",
        "x.v.len()",
    ],
];

#[tokio::test(flavor = "multi_thread")]
async fn no_value_outlives_the_definition_of_its_type() {
    let mut kernel = start(false).await;
    kernel.good("let kept = vec![1, 2];").await;
    for family in &FAMILIES {
        let [defined, made, redefined, used] = *family;
        kernel.good(defined).await;
        kernel.good(made).await;
        // Code run again unchanged, apart from a comment, changes nothing.
        let same = kernel.good(&format!("// again\n{defined}")).await;
        assert_eq!(same.text(true), "", "{defined}");
        let cell = kernel.good(redefined).await;
        assert!(cell.text(true).contains("`x` (made in In["), "{redefined}: {:?}", cell.messages);
        let cell = kernel.run(&format!("println!(\"{{}}\", {used});")).await;
        assert_eq!(cell.reply.status, ReplyStatus::Error, "{used}: {:?}", cell.messages);
        let (name, value, traceback) = cell.error();
        assert_eq!(name, "CompileError", "{used}: {value}");
        assert!(value.contains("`x` in this scope"), "{used}: {value}");
        assert!(traceback.contains("`x` was dropped in In["), "{used}: {traceback}");
        assert_eq!(cell.text(false), "", "{used}");
    }
    assert_eq!(kernel.good("println!(\"{kept:?}\");").await.text(false), "[1, 2]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_hides_behind_another_name_is_not_taken_for_one_of_the_new_type() {
    let mut kernel = start(false).await;
    kernel
        .good("use std::{any::Any, cell::RefCell, rc::Rc};\nstruct A { v: u64 }\nstruct Other(u8);")
        .await;
    kernel.good("let list: Rc<RefCell<Vec<Box<dyn Any>>>> = Rc::default();").await;
    kernel.good("let same = list.clone(); let third = list.clone();").await;
    kernel.good("list.borrow_mut().push(Box::new(A { v: 7 }));").await;
    kernel.good("struct Unrelated;").await;
    let is_there = |name: &str| {
        format!("println!(\"{{}}\", {name}.borrow()[0].downcast_ref::<A>().is_some());")
    };
    assert_eq!(kernel.good(&is_there("same")).await.text(false), "true\n");
    let cell = kernel.good("struct A { v: String }").await;
    assert!(cell.text(true).contains("`list` (made in In[2])"), "{:?}", cell.messages);
    // It is dropped as well, or what it holds is of another type now.
    let cell = kernel.run(&is_there("third")).await;
    if cell.reply.status == ReplyStatus::Ok {
        assert_eq!(cell.text(false), "false\n");
    } else {
        assert!(cell.error().1.contains("cannot find value `third`"));
    }
    // A type of the same session that nothing has changed is still the same.
    kernel.good("let other = vec![Other(3)];").await;
    kernel.good("struct A { v: Vec<u8> }").await;
    assert_eq!(kernel.good("println!(\"{}\", other[0].0);").await.text(false), "3\n");
}
