import Testing

import Certification

@Suite struct CertificationErrorTests {
  @Test func saysWhatWasExpected() {
    let error = CertificationError.parameter(
      name: "alpha", problem: "is 2, expected a number in (0, 1)")
    #expect(error.description == "alpha is 2, expected a number in (0, 1)")
  }
}
