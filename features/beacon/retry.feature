Feature: What failed is tried again once
  People press the button again when nothing seems to happen, and when all is over.

  Background:
    Given the stack "beacon"

  @R20
  Scenario: retry is pressed twice, and once more at the end
    Given the call "execute eu" answers 400 once
    And the call "press retry" is delivered twice
    When "submit" runs once
    And every job is final within 60s
    And "press retry" runs once
    And every execution is final within 60s
    And "press retry" runs once
    And every job is final within 60s
    Then every invariant holds
