"""Text as it was written: bytes decoded as stated, or a finding that says what they look like."""
