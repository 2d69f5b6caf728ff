import Testing

@testable import AdjointMPI

@Suite(.timeLimit(.minutes(20))) struct NoticeTests {
  static let notices: [Notice] = [
    .watch(.question(SilenceWatch.Subject(tag: 3, turn: 17))), .watch(.ping), .watch(.pong),
    .watch(.answer(SilenceWatch.Subject(tag: -1, turn: 2), .works)),
    .watch(.answer(SilenceWatch.Subject(tag: 0, turn: 2), .hasEnded)),
    .watch(.answer(SilenceWatch.Subject(tag: 0, turn: 2), .waits(SilenceWatch.Subject(tag: 5, turn: 1), rank: 7))),
    .watch(.verdict(rank: 2, seconds: 61, reason: "it is stopped;\nrank 0 waited for it")),
    .part(number: 1, []), .part(number: 9, [0, 10, 255, 32]), .whole(number: 4, [[1, 2], [], [10, 10, 10]]),
    .left(""), .left("a feed threw\n\tan error"),
  ]

  @Test(arguments: notices) func `a notice is read as it was written`(notice: Notice) {
    #expect(Notice(notice.bytes) == notice)
  }

  @Test(arguments: [
    "", "ping", "pong 3\n", "question 1\n", "question 1 x\n", "whole 1 2 3\nabc", "whole 1 1 9\nabc", "whole 1 1 -3\n",
    "whole 1 99999999999\n", "verdict 1\n", "answer\n", "\n", "waits 1 2 3 4\n",
  ])
  func `what no rank writes is no notice`(text: String) {
    #expect(Notice(Array(text.utf8)) == nil)
  }
}

@Suite(.timeLimit(.minutes(20))) struct TextTableTests {
  @Test func `any text survives`() {
    let table = ["": "", "a": "b\n\t", "3 4\n": "5 6\n", "ü": "🙂", "shards": "8"]
    #expect(TextTable.table(TextTable.bytes(table)[...]) == table)
    #expect(TextTable.table([]) == [:])
  }

  @Test(arguments: [
    "1", "1 1", "1 1\na", "x 1\nab", "-1 1\nab", "9223372036854775807 9223372036854775807\nab", "1\nab",
  ])
  func `what is no table is none`(text: String) {
    #expect(TextTable.table(Array(text.utf8)[...]) == nil)
  }
}
