//! The library in Rhai that comes with the program, and how `import` finds modules.
//!
//! Order: the embedded library, then the folder of the importing script, then the configured library
//! folder; a user's module never hides one of ours. A module is compiled at its first import and
//! kept.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rhai::{AST, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use crate::api::Fallible;
use crate::error::{Error, code};
use crate::lang::entry_points::{self, EntryPoints};
use crate::lang::suggest::nearest;

/// The files of the library: embedded in the program, read from the folder in a development build.
#[derive(rust_embed::Embed)]
#[folder = "stdlib/"]
struct Library;

/// The text of a file of the library.
pub fn file(path: &str) -> Option<Cow<'static, str>> {
    match Library::get(path)?.data {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// The names of the library's files in a folder such as `help/`, without it, sorted.
pub fn names_in(folder: &str) -> Vec<String> {
    let mut names: Vec<String> =
        Library::iter().filter_map(|path| path.strip_prefix(folder).map(str::to_owned)).collect();
    names.sort_unstable();
    names
}

/// The names of the embedded modules that scripts import, sorted; what lies in folders is for these modules alone.
pub fn modules() -> &'static [String] {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let name =
            |file: String| file.strip_suffix(".rhai").filter(|name| !name.contains('/')).map(str::to_owned);
        names_in("").into_iter().filter_map(name).collect()
    });
    &NAMES
}

/// The source of an embedded module.
pub fn source(name: &str) -> Option<Cow<'static, str>> {
    file(&format!("{name}.rhai"))
}

/// What errors call the file of an embedded module.
pub fn file_name(name: &str) -> String {
    format!("stdlib/{name}.rhai")
}

/// The source of an embedded module by what errors call its file.
pub fn source_of_file(file: &str) -> Option<Cow<'static, str>> {
    source(file.strip_prefix("stdlib/")?.strip_suffix(".rhai")?)
}

/// Finds, compiles and keeps modules; see the module.
#[derive(Default)]
pub struct Modules {
    /// The folder of the main script.
    folder: Option<PathBuf>,
    /// The configured library folder.
    library: Option<PathBuf>,
    kept: Mutex<HashMap<String, Shared<Module>>>,
    programs: Mutex<HashMap<String, Arc<AST>>>,
    entries: Mutex<HashMap<String, EntryPoints>>,
}

/// Where a module comes from.
#[derive(Debug)]
pub enum Place {
    /// It is embedded.
    Embedded(Cow<'static, str>),
    /// It is a file.
    File(PathBuf),
}

impl Modules {
    /// Looks in these folders after the embedded library.
    pub fn new(folder: Option<PathBuf>, library: Option<PathBuf>) -> Self {
        Self { folder, library, ..Self::default() }
    }

    /// Finds a module that `importer` (a file name, where known) imports as `path`.
    ///
    /// Errors: `usage` for a path that leaves its folder, `io` when there is none.
    pub fn find(&self, importer: Option<&str>, path: &str) -> Result<Place, Error> {
        if path.is_empty() || !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Error::usage(format!("{path:?} is not the name of a module"))
                .operation("import")
                .hint("modules are named relative to the script's folder, without `..` and without a leading `/`"));
        }
        if let Some(source) = source(path) {
            return Ok(Place::Embedded(source));
        }
        let beside = importer.map(Path::new).and_then(Path::parent).map(Path::to_path_buf);
        let folders = [beside, self.folder.clone(), self.library.clone()];
        let file = format!("{}.rhai", path.strip_suffix(".rhai").unwrap_or(path));
        folders
            .into_iter()
            .flatten()
            .map(|folder| folder.join(&file))
            .find(|file| file.is_file())
            .map(Place::File)
            .ok_or_else(|| self.not_found(path))
    }

    /// Returns the names of all modules that can be imported, sorted.
    pub fn names(&self) -> Vec<String> {
        let in_folder = |folder: &PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
        let files = self.folder.iter().chain(&self.library).flat_map(in_folder);
        let name =
            |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".rhai").map(str::to_owned);
        let embedded = modules().iter().cloned();
        let names: std::collections::BTreeSet<String> = embedded.chain(files.filter_map(name)).collect();
        names.into_iter().collect()
    }

    fn not_found(&self, path: &str) -> Error {
        let hint = if let Some(name) = nearest(path, modules().iter().map(String::as_str)) {
            format!("did you mean {name:?}?")
        } else {
            format!(
                "the embedded modules are {}; others are looked for beside the script{}",
                modules().join(", "),
                self.library.as_ref().map(|l| format!(" and in {}", l.display())).unwrap_or_default()
            )
        };
        Error::new(code::IO, format!("there is no module {path:?}"))
            .operation("import")
            .object(path)
            .hint(hint)
    }

    /// Returns a module, compiled at its first import.
    ///
    /// Errors: as [`Modules::find`], and those of parsing and running the module.
    pub fn load(&self, engine: &Engine, importer: Option<&str>, path: &str) -> Fallible<Shared<Module>> {
        if let Some(module) = entry_points::imported(path) {
            return Ok(module);
        }
        let kept = |name: &str| self.kept().get(name).cloned();
        // Without a look at its source: the commands of virsh import at each call.
        if let Some(module) = kept(&file_name(path)) {
            return Ok(module);
        }
        let (name, text) = self.text(importer, path)?;
        if let Some(module) = kept(&name) {
            return Ok(module);
        }
        let module: Shared<Module> = compile(engine, &name, &text)
            .and_then(|ast| {
                let ast = self.separate(engine, &name, &text, &ast)?;
                Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(|error| in_module(&name, error))
            })?
            .into();
        self.kept().insert(name, module.clone());
        Ok(module)
    }

    /// Parses a module so that its functions resolve what they call by themselves.
    fn separate(&self, engine: &Engine, name: &str, text: &str, ast: &AST) -> Fallible<AST> {
        let entries = EntryPoints::of(ast);
        let ast = compile(engine, name, &entries.mark(text))?;
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), entries);
        Ok(ast)
    }

    /// The place in a module's file of a place that Rhai names.
    pub fn written(&self, file: &str, position: Position) -> Position {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(file).map_or(position, |entries| entries.written(position))
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Shared<Module>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns an embedded module as a program whose functions can be called by name.
    ///
    /// Errors: as [`Modules::load`].
    pub fn program(&self, engine: &Engine, path: &str) -> Fallible<Arc<AST>> {
        let kept = || self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ast) = kept().get(path) {
            return Ok(ast.clone());
        }
        let (name, text) = self.text(None, path)?;
        let ast = Arc::new(compile(engine, &name, &text)?);
        kept().insert(path.to_owned(), ast.clone());
        Ok(ast)
    }

    /// What errors call a module, and its source.
    fn text(&self, importer: Option<&str>, path: &str) -> Result<(String, Cow<'static, str>), Error> {
        match self.find(importer, path)? {
            Place::Embedded(source) => Ok((file_name(path), source)),
            Place::File(file) => {
                let name = file.display().to_string();
                let text = std::fs::read_to_string(file).map_err(|error| Error::io(&name, &error))?;
                Ok((name, text.into()))
            }
        }
    }
}

#[allow(clippy::unnecessary_box_returns, reason = "what every evaluation of Rhai fails with")]
fn in_module(name: &str, error: Box<EvalAltResult>) -> Box<EvalAltResult> {
    let position = error.position();
    Box::new(EvalAltResult::ErrorInModule(name.into(), error, position))
}

fn compile(engine: &Engine, name: &str, text: &str) -> Fallible<AST> {
    let mut ast = engine.compile(text).map_err(|error| in_module(name, error.into()))?;
    ast.set_source(name);
    Ok(ast)
}

/// The resolver that an engine owns; it shares the modules with the session.
pub struct Resolver(pub Arc<Modules>);

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        self.0.load(engine, source, path).map_err(|mut error| {
            if error.position().is_none() {
                error.set_position(position);
            }
            error
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedded_module_is_never_hidden() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("table.rhai"), "fn mine() { 1 }").unwrap();
        std::fs::write(folder.path().join("mine.rhai"), "fn mine() { 1 }").unwrap();
        let modules = Modules::new(Some(folder.path().into()), None);
        assert!(matches!(modules.find(None, "table"), Ok(Place::Embedded(_))));
        assert!(matches!(modules.find(None, "mine"), Ok(Place::File(_))));
    }

    #[test]
    fn a_path_cannot_leave_its_folder() {
        let modules = Modules::new(Some("/tmp".into()), None);
        for path in ["../secret", "/etc/passwd", "a/../../b", ""] {
            assert_eq!(modules.find(None, path).unwrap_err().code(), code::USAGE, "{path}");
        }
    }

    #[test]
    fn an_unknown_module_names_the_nearest() {
        let error = Modules::default().find(None, "tabel").unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"table\"?"));
    }
}
