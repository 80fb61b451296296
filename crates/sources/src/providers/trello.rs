//! Trello: one action on a board, mostly on one of its cards.

use std::borrow::Cow;

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::event_type;
use crate::facts::{Fact, short, text, told};
use crate::handshake::{self, Greeting};
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static TRELLO: Profile = Profile {
    name: "trello",
    auth: || Auth::scheme("trello"),
    ids: &[Id::Body("action.id")],
    event_type: |body| event_type(&[body.scalar("action.type").as_deref()]),
    entity: |body| {
        let places = [
            "card:{action.data.card.id}",
            "list:{action.data.list.id}",
            "board:{action.data.board.id}",
            "model:{model.id}",
        ];
        body.entity(&places)
    },
    greet: |_, request| (request.method == "HEAD").then(|| Greeting::Answered(handshake::empty(200, Vec::new()))),
    identity: &["action.type", "action.data.card.id", "action.data.list.id", "action.data.board.id"],
    actor: &["action.memberCreator.username", "action.memberCreator.fullName"],
    facts: FACTS,
    event_types: &[
        "addAttachmentToCard",
        "addChecklistToCard",
        "addLabelToCard",
        "addMemberToCard",
        "commentCard",
        "copyCard",
        "createCard",
        "createList",
        "deleteCard",
        "moveCardFromBoard",
        "moveCardToBoard",
        "removeLabelFromCard",
        "removeMemberFromCard",
        "updateBoard",
        "updateCard",
        "updateCheckItemStateOnCard",
        "updateComment",
        "updateList",
    ],
    sample: moved_card,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("action", &["action.type"]),
    short("board", &["action.data.board.name", "model.name"]),
    short("card", &["action.data.card.name"]),
    short("card number", &["action.data.card.idShort"]),
    short("card link", &["action.data.card.shortLink"]),
    short("list", &["action.data.list.name"]),
    short("list before", &["action.data.listBefore.name"]),
    short("list after", &["action.data.listAfter.name"]),
    told("changed", &["action.data.old"], |old| {
        Cow::Owned(old.members().map(|(name, _)| name).collect::<Vec<_>>().join(", "))
    }),
    short("due", &["action.data.card.due"]),
    short("closed", &["action.data.card.closed"]),
    short("label", &["action.data.label.name", "action.data.value"]),
    short("check item", &["action.data.checkItem.name"]),
    short("check item state", &["action.data.checkItem.state"]),
    short("attachment", &["action.data.attachment.name"]),
    short("member", &["action.member.username", "action.data.member.name"]),
    short("by", &["action.memberCreator.fullName", "action.memberCreator.username"]),
    short("at", &["action.date"]),
    text("text", &["action.data.text", "action.data.action.text"]),
    text("description", &["action.data.card.desc"]),
];

fn moved_card(seed: u64) -> Sample {
    let body = json!({
        "model": { "id": "e8144d8da9c15eddbfdc6b40", "name": "Support" },
        "action": {
            "id": format!("{:024x}", 0x6543_0000_0000_0000_u64 + seed), "type": "updateCard",
            "date": "2026-11-02T09:30:00.000Z",
            "memberCreator": { "id": "82a536b9b6803a3cc72a0294", "fullName": "A colleague", "username": "colleague" },
            "data": {
                "board": { "id": "2678307272f346cd5f60eb42", "name": "Support" },
                "card": { "id": "3fe349e7347fceb4da6dfcbd", "name": "Disk nearly full on db-3", "idShort": 535 },
                "listBefore": { "id": "1", "name": "Doing" }, "listAfter": { "id": "2", "name": "Done" },
                "old": { "idList": "1" },
            },
        },
        "webhook": { "id": "e6bb532da4a789076626f1cc" },
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::post::Post;

    #[test]
    fn an_action_is_about_the_smallest_thing_it_names() {
        let entity = |data: &str| {
            let body =
                format!(r#"{{"action":{{"type":"t","data":{{"board":{{"id":"b"}}{data}}}}},"model":{{"id":"m"}}}}"#);
            Post::to("trello", body).entity().unwrap()
        };
        assert_eq!(entity(r#","list":{"id":"l"},"card":{"id":"c"}"#), "trello:card:c");
        assert_eq!(entity(r#","list":{"id":"l"}"#), "trello:list:l");
        assert_eq!(entity(""), "trello:board:b");
    }

    #[test]
    fn an_update_says_what_was_changed() {
        let body = r#"{"action":{"type":"updateCard","data":{"old":{"due":null,"name":"x"}}}}"#;
        assert_eq!(Post::to("trello", body).fact("changed").unwrap(), "due, name");
    }
}
