"""What a person does in the dashboards, in real Chromium."""
