//! Which editor a person wants.

use rhai::plugin::export_module;

/// What runs where neither `$VISUAL` nor `$EDITOR` says, as far as it is installed.
const USUAL: &[&str] = &["sensible-editor", "editor", "nano", "vi"];

/// Returns the command of the person's editor, perhaps with options: `$VISUAL`, `$EDITOR`, or what is installed.
pub fn usual_editor() -> String {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    named.into_iter().find(|editor| !editor.trim().is_empty()).unwrap_or_else(|| {
        let usual = USUAL.iter().find(|name| is_installed(name));
        usual.map_or("vi", |name| name).to_owned()
    })
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[export_module(manifest)]
pub(super) mod editor_functions {
    /// The command of the person's editor: `$VISUAL`, `$EDITOR`, or what is installed.
    ///
    /// ```rhai
    /// print(vsh::editor().len() > 0);
    /// ```
    pub fn editor() -> String {
        super::usual_editor()
    }
}
