//! The crate graph that rust-analyzer gets of what a cell depends on. It reads every crate that cargo names before it
//! can find the first variable's type, and looks at all of them again with each cell. Most of them serve
//! the inside of another crate, where no cell ever looks: they are left out. So are, until a variable needs them, those that
//! a package calls rare.

use super::interface::Interface;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The packages that rust-analyzer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those whose types cells often meet.
    Common,
    /// Those whose types cells can meet.
    Shown,
    All,
}

/// Takes the packages out of the answer of `cargo metadata` whose types no cell can meet. What is left: the cell's
/// own crate, what it depends on, and from there on whatever a package names in the types of its
/// public interface, but for those that it lists as `rare-types` if the scope is `Common`. Procedural macros go as well: rust-analyzer could not run them here. `interfaces` are those that are
/// known, and gain what is read: most of the time goes there.
pub fn trim(metadata: &mut Value, interfaces: &mut Interfaces, scope: Scope) {
    let Some(kept) = kept(metadata, interfaces, scope) else { return };
    if let Some(packages) = metadata["packages"].as_array_mut() {
        packages.retain(|package| kept.contains(text(&package["id"])));
    }
    if let Some(nodes) = metadata["resolve"]["nodes"].as_array_mut() {
        nodes.retain(|node| kept.contains(text(&node["id"])));
        for node in nodes {
            if let Some(deps) = node["deps"].as_array_mut() {
                deps.retain(|dep| kept.contains(text(&dep["pkg"])));
            }
        }
    }
}

/// The ids of the packages that stay; `None` if this is no answer of `cargo metadata`.
fn kept(metadata: &Value, interfaces: &mut Interfaces, scope: Scope) -> Option<HashSet<String>> {
    let by_id = |list: &Value| -> Option<HashMap<String, Value>> {
        let entry = |value: &Value| Some((value["id"].as_str()?.to_string(), value.clone()));
        list.as_array()?.iter().map(entry).collect()
    };
    let packages = by_id(&metadata["packages"])?;
    let nodes = by_id(&metadata["resolve"]["nodes"])?;
    let root = metadata["workspace_members"][0].as_str()?;
    let mut kept = HashSet::from([root.to_string()]);
    let mut open = vec![root.to_string()];
    while let Some(id) = open.pop() {
        let deps: Vec<(String, String)> = nodes.get(&id)?["deps"]
            .as_array()?
            .iter()
            .filter(|dep| is_normal(dep))
            .map(|dep| (text(&dep["name"]).to_string(), text(&dep["pkg"]).to_string()))
            .filter(|(_, dep)| packages.get(dep).is_some_and(|package| library(package).is_some()))
            .filter(|(_, dep)| !kept.contains(dep))
            .collect();
        let public = if id == root || deps.is_empty() {
            None
        } else {
            let features: Vec<&str> = nodes[&id]["features"].as_array()?.iter().map(text).collect();
            Some(interfaces.of(&id, Path::new(library(packages.get(&id)?)?), &features))
        };
        let rare = packages.get(&id).map(|package| &package["metadata"]["cuaderno"]["rare-types"]);
        let rare: Vec<&str> =
            rare.and_then(Value::as_array).into_iter().flatten().map(text).collect();
        for (name, dep) in deps {
            let is_rare = scope == Scope::Common && rare.contains(&text(&packages[&dep]["name"]));
            if is_rare {
                continue;
            }
            if public.is_none_or(|interface| interface.names(&name)) && kept.insert(dep.clone()) {
                open.push(dep);
            }
        }
    }
    Some(kept)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns `true` if a dependency serves the library itself, not its tests or its build script.
fn is_normal(dep: &Value) -> bool {
    dep["dep_kinds"]
        .as_array()
        .is_none_or(|kinds| kinds.is_empty() || kinds.iter().any(|kind| kind["kind"].is_null()))
}

/// The file where a package's library begins, if it has one that is no procedural macro.
fn library(package: &Value) -> Option<&str> {
    let is_library = |target: &&Value| {
        target["kind"].as_array().is_some_and(|kinds| {
            kinds.iter().any(|kind| matches!(text(kind), "lib" | "rlib" | "dylib"))
        })
    };
    package["targets"].as_array()?.iter().find(is_library)?["src_path"].as_str()
}

/// The interfaces of packages, by their id and features.
#[derive(Default)]
pub struct Interfaces(HashMap<String, Interface>);

impl Interfaces {
    /// What [`Self::to_json`] gave; nothing if it is something else.
    pub fn from_json(value: &Value) -> Self {
        let names = |value: &Value| {
            Interface::new(value.as_array().into_iter().flatten().map(text).map(str::to_string))
        };
        let entries = value.as_object().into_iter().flatten();
        Self(entries.map(|(key, value)| (key.clone(), names(value))).collect())
    }

    pub fn to_json(&self) -> Value {
        self.0
            .iter()
            .map(|(key, interface)| (key.clone(), interface.first_names().collect::<Value>()))
            .collect()
    }

    fn of(&mut self, id: &str, root: &Path, features: &[&str]) -> &Interface {
        let key = format!("{id} {}", features.join(" "));
        self.0.entry(key).or_insert_with(|| Interface::of(root, features))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serves_only_the_inside_of_a_package_is_left_out() {
        let folder = std::env::temp_dir().join(format!("cuaderno-trim-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let root = folder.join("lib.rs");
        std::fs::write(&root, "use inner::x; pub fn f(s: shown::S) -> u8 { inner::g() }").unwrap();
        let package = |name: &str, kind: &str| serde_json::json!({"id": name, "name": name, "targets": [{"kind": [kind], "src_path": root}]});
        let dep = |name: &str, kind: Option<&str>| serde_json::json!({"name": name, "pkg": name, "dep_kinds": [{"kind": kind, "target": null}]});
        let node = |name: &str, deps: &[Value]| serde_json::json!({"id": name, "deps": deps, "features": []});
        let mut metadata = serde_json::json!({
            "workspace_members": ["ctx"],
            "packages": [
                package("ctx", "cdylib"), package("used", "lib"), package("inner", "lib"),
                package("shown", "rlib"), package("macros", "proc-macro"), package("tool", "lib"),
            ],
            "resolve": {"nodes": [
                node("ctx", &[dep("used", None), dep("macros", None), dep("tool", Some("build"))]),
                node("used", &[dep("inner", None), dep("shown", None)]),
                node("inner", &[]), node("shown", &[]), node("macros", &[]), node("tool", &[]),
            ]},
        });
        let (mut again, mut interfaces) = (metadata.clone(), Interfaces::default());
        let whole = metadata.clone();
        trim(&mut metadata, &mut interfaces, Scope::Shown);
        std::fs::remove_dir_all(folder).unwrap();
        // Known interfaces are not read again: the files are gone.
        let mut interfaces = Interfaces::from_json(&interfaces.to_json());
        trim(&mut again, &mut interfaces, Scope::Shown);
        assert_eq!(again, metadata);
        let names: Vec<&str> =
            metadata["packages"].as_array().unwrap().iter().map(|p| text(&p["name"])).collect();
        assert_eq!(names, ["ctx", "used", "shown"]);
        let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 3);
        assert_eq!(nodes[0]["deps"], serde_json::json!([dep("used", None)]));
        // Another package's rare types.
        for (owner, scope, count) in
            [("used", Scope::Common, 2), ("used", Scope::Shown, 3), ("ctx", Scope::Common, 3)]
        {
            let mut metadata = whole.clone();
            let packages = metadata["packages"].as_array_mut().unwrap();
            let owner = packages.iter_mut().find(|package| package["name"] == owner).unwrap();
            owner["metadata"] = serde_json::json!({"cuaderno": {"rare-types": ["shown"]}});
            trim(&mut metadata, &mut interfaces, scope);
            assert_eq!(metadata["packages"].as_array().unwrap().len(), count, "{scope:?}");
        }
    }
}
