//! A typical delivery: somebody opens a pull request.

use serde_json::json;

/// Headers and body, about 2 KB. Everything that identifies it follows from `seed`.
pub(super) fn pull_request(seed: u64) -> (Vec<(String, String)>, Vec<u8>) {
    let number = seed % 10_000 + 1;
    let user = |login: &str, id: u64| {
        json!({
            "login": login, "id": id, "type": "User", "site_admin": false,
            "avatar_url": format!("https://avatars.example.com/u/{id}"),
            "html_url": format!("https://github.example.com/{login}"),
        })
    };
    let repository = json!({
        "id": 424_242, "name": "widgets", "full_name": "acme/widgets", "private": true, "default_branch": "main",
        "owner": user("acme", 1), "html_url": "https://github.example.com/acme/widgets", "visibility": "private",
        "language": "Rust", "open_issues_count": 12, "forks_count": 3, "stargazers_count": 57,
    });
    let body = json!({
        "action": "opened",
        "number": number,
        "pull_request": {
            "id": 900_000_000 + seed, "number": number, "state": "open", "locked": false, "draft": false,
            "title": "Keep the last byte of a chunk",
            "body": concat!(
                "The reader dropped the last byte when a chunk ended on a page boundary.\n\n",
                "This keeps it, and adds the case to the tests. The length was taken before the padding was known, so it ",
                "was one short whenever the padding was empty; it is taken afterwards now.\n\n",
                "To try it: run the reader over `samples/pages.bin` and compare the lengths; they agree now. ",
                "The second commit only renames `end` to `past_end`, because it never was the end.\n\n",
                "Not in here: the same mistake in the writer. It is harmless there, and the file is being rewritten anyway.",
            ),
            "user": user("rivers", 1_002),
            "html_url": format!("https://github.example.com/acme/widgets/pull/{number}"),
            "created_at": "2026-11-02T09:30:00Z", "updated_at": "2026-11-02T09:30:00Z", "merged": false,
            "labels": [{ "id": 7, "name": "bug", "color": "d73a4a", "default": true }],
            "head": { "label": "acme:last-byte", "ref": "last-byte", "sha": format!("{:040x}", seed.wrapping_mul(0x9e37_79b9)) },
            "base": { "label": "acme:main", "ref": "main", "sha": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c" },
            "commits": 1, "additions": 14, "deletions": 2, "changed_files": 2,
        },
        "repository": repository,
        "sender": user("rivers", 1_002),
    });
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("user-agent", "GitHub-Hookshot/hookwheel-sample".to_owned()),
        ("x-github-event", "pull_request".to_owned()),
        ("x-github-delivery", format!("{seed:08x}-0000-4000-8000-{:012x}", seed & 0xffff_ffff_ffff)),
        ("x-github-hook-id", "1".to_owned()),
    ];
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (headers, serde_json::to_vec(&body).unwrap_or_default())
}
