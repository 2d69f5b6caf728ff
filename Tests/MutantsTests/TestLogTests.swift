import Testing

@testable import WrongLines
@testable import mutants

/// What Swift Testing writes as it goes, read.
@Suite(.timeLimit(.minutes(20))) struct TestLogTests {
  @Test func `suites, known issues and warnings are neither tests nor failures`() {
    let log = TestLog(
      """
      {"kind":"test","payload":{"id":"A.S","kind":"suite","name":"S"},"version":0}
      {"kind":"test","payload":{"id":"A.S/f()/S.swift:1:1","kind":"function","isParameterized":false},"version":0}
      {"kind":"test","payload":{"id":"A.S/g()/S.swift:2:1","kind":"function","isParameterized":false},"version":0}
      {"kind":"event","payload":{"kind":"runStarted","messages":[]},"version":0}
      {"kind":"event","payload":{"kind":"testStarted","testID":"A.S","messages":[]},"version":0}
      {"kind":"event","payload":{"kind":"testStarted","testID":"A.S/f()/S.swift:1:1","messages":[]},"version":0}
      {"kind":"event","payload":{"kind":"testSkipped","testID":"A.S/g()/S.swift:2:1","messages":[]},"version":0}
      {"kind":"event","payload":{"kind":"issueRecorded","testID":"A.S/f()/S.swift:1:1","issue":{"isKnown":true}}}
      {"kind":"event","payload":{"kind":"issueRecorded","testID":"A.S/f()/S.swift:1:1",\
      "issue":{"isKnown":false,"isFailure":false}}}
      {"kind":"event","payload":{"kind":"issueRecorded","testID":"A.S/f()/S.swift:1:1",\
      "issue":{"isKnown":false,"_severity":"warning"}}}
      """)
    #expect(log.started == ["A.S/f()/S.swift:1:1"])
    #expect(log.failed.isEmpty)
  }

  @Test func `what a process wrote before it ended counts, a line cut off does not`() {
    let whole = TestLog(started: ["A.S/f()/S.swift:1:1"], failed: ["A.S/f()/S.swift:1:1"])
    let text = """
      {"kind":"test","payload":{"id":"A.S/f()/S.swift:1:1","kind":"function"}}
      {"kind":"event","payload":{"kind":"testStarted","testID":"A.S/f()/S.swift:1:1"}}
      {"kind":"event","payload":{"kind":"issueRecorded","testID":"A.S/f()/S.swift:1:1","issue":{"isKnown":false}}}
      """
    #expect(TestLog(text) == whole)
    #expect(TestLog(text + "\n{\"kind\":\"event\",\"payl") == whole)
    #expect(TestLog(String(text.dropLast(9))).failed.isEmpty)
    #expect(TestLog("") == TestLog())
  }

  @Test func `an issue that says nothing of itself fails its test`() {
    let log = TestLog(#"{"kind":"event","payload":{"kind":"issueRecorded","testID":"A.S"}}"#)
    #expect(log.failed == ["A.S"])
    #expect(log.part(of: "A.S").failed == ["A.S"])
    #expect(log.part(of: "A.Other").failed.isEmpty)
  }
}
