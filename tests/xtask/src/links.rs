//! Links of the Markdown pages to files of the repository and to headings in them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::command;
use crate::project::Project;

/// Every page that git knows is read. Fails with all links that lead nowhere.
pub(crate) fn check(project: &Project) -> Result<()> {
    let pages = command::output_of(command::command(
        project,
        "git",
        ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    ))?;
    let mut dead = Vec::new();
    for page in pages.lines() {
        let path = project.path(page);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {page}"))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for link in links(&text) {
            if !leads_somewhere(link, folder, &path) {
                dead.push(format!("{page}: {link}"));
            }
        }
    }
    if dead.is_empty() { Ok(()) } else { bail!("links that lead nowhere:\n{}", dead.join("\n")) }
}

/// What stands in `](…)`, but for addresses on the web.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let code = |line: &&str| line.starts_with("```");
    let prose = text.lines().scan(false, move |within, line| {
        *within ^= code(&line);
        Some(if *within { "" } else { line })
    });
    prose
        .flat_map(|line| line.split("](").skip(1).filter_map(|rest| rest.split(')').next()))
        .filter(|link| !link.contains("://"))
}

fn leads_somewhere(link: &str, folder: &Path, page: &Path) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let file = if file.is_empty() { page.to_path_buf() } else { folder.join(file) };
    if heading.is_empty() {
        return file.exists();
    }
    fs::read_to_string(file).is_ok_and(|text| anchors(&text).contains(heading))
}

/// The anchors that web views of a repository give to headings.
fn anchors(text: &str) -> HashSet<String> {
    let mut seen = HashSet::new();
    for heading in
        text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')))
    {
        let kept = heading.trim().to_lowercase();
        let kept = kept.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
        let anchor: String = kept.map(|char| if char == ' ' { '-' } else { char }).collect();
        let numbered = (1..).map(|n| format!("{anchor}-{n}")).find(|numbered| !seen.contains(numbered));
        let free = if seen.contains(&anchor) { numbered } else { Some(anchor.clone()) };
        seen.extend(free);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code() {
        let text = "See [a](b.md#c), [d](https://example.org) and\n```js\nlist[0](x)\n```\n[e](#f).";
        assert_eq!(links(text).collect::<Vec<_>>(), ["b.md#c", "#f"]);
    }

    #[test]
    fn anchors_are_those_of_headings() {
        let there = anchors("# What's in it?\n## `fortress hsm list`\n## A-1: keys\n## A-1: keys\n#no\n");
        for anchor in ["whats-in-it", "fortress-hsm-list", "a-1-keys", "a-1-keys-1"] {
            assert!(there.contains(anchor), "{anchor}");
        }
        assert_eq!(there.len(), 4);
    }
}
