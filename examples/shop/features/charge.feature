Feature: An order is paid for once

  Scenario: the answer to the charge is lost
    Given the stack "shop"
    And the answer to "charge" is lost the first time for each order
    When "buy" runs 20 times with 4 clients
    And every order is final within 30s
    Then every invariant holds
