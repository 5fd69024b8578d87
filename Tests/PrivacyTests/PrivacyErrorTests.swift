import Testing

import Privacy

@Suite struct PrivacyErrorTests {
  @Test func saysWhatWasExpected() {
    let error = PrivacyError.parameter(name: "delta", value: 2, expected: "a number in (0, 1)")
    #expect(error.description == "delta is 2.0, expected a number in (0, 1)")
  }
}
