Feature: The object store has a bad day
  Steps of a team's own stand beside those of the language.

  Scenario: everybody gets a score all the same
    Given the stack "codabench"
    And the object store has a bad day, with 2 errors for each submission
    When 4 people submit at once and wait for their scores
    Then "output before status" holds
